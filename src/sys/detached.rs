//! A program that goes on without us.

use std::ffi::{CString, OsString};
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

/// Starts a program in a session of its own, so that nothing that is typed at our terminal is meant for it, with nothing on
/// its standard streams, and does not wait until it runs: `posix_spawn` does, which takes longer than to keep an event.
///
/// # Errors
/// When there can be no other process. That it then is no program, nobody hears.
#[allow(unsafe_code, reason = "no safe way starts a program without waiting for it to be loaded")]
pub fn start(program: PathBuf, arguments: Vec<OsString>) -> io::Result<()> {
    let words = std::iter::once(program.into_os_string()).chain(arguments);
    let words: Vec<CString> = words.map(|word| CString::new(word.into_vec())).collect::<Result<_, _>>()?;
    let mut pointers: Vec<*const libc::c_char> = words.iter().map(|word| word.as_ptr()).collect();
    pointers.push(std::ptr::null());
    // SAFETY: the child calls nothing but functions that may be called between fork and exec (POSIX, 2.4.3), on memory
    // that was made before; `words` lives until the end, and `pointers` ends with null.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => unsafe {
            libc::setsid();
            let nothing = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
            for stream in 0..3 {
                libc::dup2(nothing, stream);
            }
            libc::execv(pointers[0], pointers.as_ptr());
            libc::_exit(127)
        },
        _ => Ok(()),
    }
}
