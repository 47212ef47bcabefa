//! Where the operating system starts the program: a part of the binary, not of the library.
//!
//! Before a `main` of Rust the standard library reads the map of the whole process from `/proc`, to be able to say that a
//! stack has overflowed. That takes a tenth of the time of a short run, and nothing here goes deep. The rest of what it
//! does is done here: streams that are closed are opened on nothing, and a broken pipe is an error and no signal. A panic
//! ends the process by SIGABRT in every build, as it does in a release anyway.

#![allow(unsafe_code, reason = "the C library calls a function of this name, with pointers to the words")]

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt as _;

/// What the C library calls.
// SAFETY: no other function has this name; the one that Rust would make is left out by `no_main`.
#[unsafe(no_mangle)]
extern "C" fn main(count: c_int, words: *const *const c_char) -> c_int {
    open_standard_streams();
    // SAFETY: there is no other thread yet, and nothing else has been said about this signal.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    let count = usize::try_from(count).unwrap_or_default();
    // SAFETY: the C library hands on so many pointers, each to a text that ends with a zero and stays to the end.
    let word = |at| unsafe { CStr::from_ptr(*words.add(at)) };
    let words: Vec<OsString> =
        (0..count).map(|at| OsStr::from_bytes(word(at).to_bytes()).to_owned()).collect();
    c_int::from(super::run(&words))
}

/// A file of ours must not get the number of a stream that was closed: what is printed would go into it.
fn open_standard_streams() {
    for stream in [libc::STDIN_FILENO, libc::STDOUT_FILENO, libc::STDERR_FILENO] {
        // SAFETY: it only asks, and a number that is not open is an error.
        let is_closed = unsafe { libc::fcntl(stream, libc::F_GETFD) } == -1;
        // SAFETY: the path ends with a zero. The new stream gets the lowest free number, which is this one.
        if is_closed && unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) } != stream {
            std::process::abort();
        }
    }
}
