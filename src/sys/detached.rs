//! A program that goes on without us.

use std::ffi::{CString, OsString};
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Starts a program in a session of its own, so that nothing that is typed at our terminal is meant for it, with nothing on
/// its standard streams, and does not wait until it runs: `posix_spawn` does, which takes longer than to keep an event.
/// It is no child of ours, so that nobody has to wait for its end: a process between us and it ends at once.
///
/// # Errors
/// When there can be no other process. That it then is no program, nobody hears.
#[allow(unsafe_code, reason = "no safe way starts a program without waiting for it to be loaded")]
pub fn start(program: PathBuf, arguments: Vec<OsString>) -> io::Result<()> {
    let words = std::iter::once(program.into_os_string()).chain(arguments);
    let words: Vec<CString> = words.map(|word| CString::new(word.into_vec())).collect::<Result<_, _>>()?;
    let mut pointers: Vec<*const libc::c_char> = words.iter().map(|word| word.as_ptr()).collect();
    pointers.push(std::ptr::null());
    // SAFETY: both children call nothing but functions that may be called between fork and exec (POSIX.1-2017, 2.4.3), on
    // memory that was made before; `words` lives until the end, and `pointers` ends with null.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => unsafe {
            libc::setsid();
            match libc::fork() {
                -1 => libc::_exit(io::Error::last_os_error().raw_os_error().unwrap_or(libc::EAGAIN)),
                0 => become_program(&pointers),
                _ => libc::_exit(0),
            }
        },
        between => end_of(between),
    }
}

/// # Safety
/// The pointers are to texts that end with null, and the last is null. Nothing else of this process runs.
#[allow(unsafe_code, reason = "as its caller")]
unsafe fn become_program(words: &[*const libc::c_char]) -> ! {
    // SAFETY: what the caller promises.
    unsafe {
        let nothing = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        for stream in 0..3 {
            libc::dup2(nothing, stream);
        }
        libc::execv(words[0], words.as_ptr());
        libc::_exit(127)
    }
}

/// Waits for the process between us and the program, and tells why it could not start another.
#[allow(unsafe_code, reason = "no safe way waits for a child that fork made")]
fn end_of(between: libc::pid_t) -> io::Result<()> {
    let mut status = 0;
    loop {
        // SAFETY: the pointer is to a value of the right type, which waitpid only writes to.
        if unsafe { libc::waitpid(between, &raw mut status, 0) } != -1 {
            break;
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            // Whoever started us has SIGCHLD ignored: then ended children are nobody's.
            Some(libc::ECHILD) => return Ok(()),
            _ => return Err(error),
        }
    }
    match ExitStatus::from_raw(status).code() {
        None | Some(0) => Ok(()),
        Some(errno) => Err(io::Error::from_raw_os_error(errno)),
    }
}
