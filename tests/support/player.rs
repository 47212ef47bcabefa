//! Plays what the shell cannot: what a Python server does with its descriptors, and one who takes in the children of the
//! dead. It takes its role from the environment, so that it can have any name and any arguments, and ends when its
//! lifeline does.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{self, File};
    use std::io::Read;
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::net::UnixStream;
    use std::process::{Child, Command, Stdio};

    use rustix::event::epoll;
    use rustix::io::{FdFlags, dup, fcntl_dupfd_cloexec, fcntl_setfd};
    use rustix::stdio::{dup2_stdin, dup2_stdout};

    /// What asyncio opens first: epoll, and a pair of sockets to wake itself.
    struct EventLoop(
        #[allow(dead_code, reason = "held")] OwnedFd,
        #[allow(dead_code, reason = "held")] [UnixStream; 2],
    );

    fn event_loop() -> EventLoop {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
        let (one, other) = UnixStream::pair().unwrap();
        EventLoop(epoll, [one, other])
    }

    /// As the MCP SDK for Python, from version 2 on: both streams to the lowest descriptors that are free, the null
    /// device and the standard error in their places.
    fn move_wire() -> [OwnedFd; 2] {
        let input = fcntl_dupfd_cloexec(std::io::stdin(), 3).unwrap();
        dup2_stdin(File::open("/dev/null").unwrap()).unwrap();
        let output = fcntl_dupfd_cloexec(std::io::stdout(), 3).unwrap();
        dup2_stdout(dup(std::io::stderr()).unwrap()).unwrap();
        [input, output]
    }

    /// A child that has ended, and the ends of its streams that nobody has closed.
    fn dead_child(stdin: bool, stdout: bool) -> Child {
        let stream = |wanted| if wanted { Stdio::piped() } else { Stdio::null() };
        let mut child =
            Command::new("true").stdin(stream(stdin)).stdout(stream(stdout)).spawn().expect("it starts");
        let streams = (child.stdin.take(), child.stdout.take());
        child.wait().unwrap();
        (child.stdin, child.stdout) = streams;
        child
    }

    /// Holds everything that it is given until the lifeline ends.
    fn wait<T>(held: T) {
        fs::write("ready.new", std::process::id().to_string()).unwrap();
        fs::rename("ready.new", "ready").unwrap();
        let mut lifeline = File::open("lifeline").unwrap();
        let _ = lifeline.read(&mut [0]);
        drop(held);
    }

    /// Takes in what a shell leaves behind.
    fn take_in() {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
        let start = std::env::var("PLAYER_START").unwrap();
        let mut shell = Command::new("sh");
        // Whatever it starts must not play a role too, and start the next one.
        shell.args(["-c", &start]).env_remove("PLAYER_ROLE").env_remove("PLAYER_START");
        let shell = shell.status().unwrap();
        assert!(shell.success());
        dup2_stdin(File::open("/dev/null").unwrap()).unwrap();
        let mut lifeline = File::open("lifeline").unwrap();
        let _ = lifeline.read(&mut [0]);
    }

    pub fn main() {
        let role = std::env::var("PLAYER_ROLE").unwrap();
        match role.as_str() {
            "subreaper" => take_in(),
            "wire" => wait((event_loop(), move_wire())),
            "wire without a loop" => wait(move_wire()),
            "wire and a child" => wait((event_loop(), move_wire(), dead_child(true, true))),
            "inherited" => {
                let held = (event_loop(), move_wire());
                for end in &held.1 {
                    fcntl_setfd(end.as_fd(), FdFlags::empty()).unwrap();
                }
                wait(held);
            }
            "child" => wait((event_loop(), dead_child(true, true))),
            "two children" => wait((event_loop(), dead_child(true, true), dead_child(true, true))),
            "one way each" => wait((event_loop(), dead_child(false, true), dead_child(true, false))),
            "alone" => wait(event_loop()),
            other => panic!("no role is called {other}"),
        }
    }
}

fn main() {
    #[cfg(target_os = "linux")]
    linux::main();
}
