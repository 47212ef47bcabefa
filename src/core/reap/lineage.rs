//! Who the candidates come from: the wrappers around them, and whom these hang on. Siblings share their parents, so
//! each of those is looked at once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::judge::Parent;
use super::worker::is_wrapper;
use crate::core::host::{Host, Process, Stat};
use crate::core::process::invocation::Invocation;
use crate::core::process::{CommandLine, Tree};

/// The candidates with their ancestors. They are few: to read everybody would double the cost of the look.
pub struct Lineage<'h, H> {
    host: &'h H,
    tree: Tree,
    known: RefCell<HashMap<u32, Option<Rc<Ancestor>>>>,
}

/// What is known about an ancestor.
struct Ancestor {
    uid: u32,
    command: CommandLine,
    /// The pipe or the socket that a wrapper hands on; other parents are not asked.
    hands_on: Option<u64>,
}

impl<'h, H: Host> Lineage<'h, H> {
    /// Looks at the ancestors of these.
    pub fn of<'p>(host: &'h H, processes: impl Iterator<Item = &'p Process>) -> Self {
        let mut known: HashMap<u32, Stat> =
            processes.map(|process| (process.stat.pid, process.stat.clone())).collect();
        let mut open: Vec<u32> = known.values().map(|stat| stat.parent).collect();
        open.push(1);
        while let Some(pid) = open.pop() {
            if known.contains_key(&pid) {
                continue;
            }
            if let Ok(stat) = host.stat(pid) {
                open.push(stat.parent);
                known.insert(pid, stat);
            }
        }
        let tree = Tree::new(known.into_values().collect());
        Self { host, tree, known: RefCell::default() }
    }

    /// The wrappers around a process with this input, innermost first: parents that only start something, and hand on
    /// the very same input.
    pub fn wrappers(&self, of: u32, inode: u64) -> Vec<Process> {
        let mut found = Vec::new();
        for pid in self.tree.ancestors(of) {
            let Some((stat, ancestor)) = self.tree.get(pid).zip(self.ancestor(pid)) else { break };
            if ancestor.hands_on != Some(inode) {
                break;
            }
            let (uid, command) = (ancestor.uid, ancestor.command.clone());
            found.push(Process { stat: stat.clone(), uid, command });
        }
        found
    }

    /// The number of the parent of a process, if it is in sight.
    pub fn parent_number(&self, pid: u32) -> Option<u32> {
        self.tree.parent(pid).map(|parent| parent.pid)
    }

    /// Whom a process of this user hangs on. Who takes in the children of the dead: the first process, the user's
    /// service manager, the two helpers of WSL. Another subreaper cannot be told from a parent, and needs not be: the
    /// input tells.
    pub fn parent(&self, pid: u32, uid: u32) -> Parent {
        let Some(stat) = self.tree.parent(pid) else {
            return Parent::Reaper("a process that is not in sight".to_owned());
        };
        if stat.pid == 1 {
            return Parent::Reaper("process 1".to_owned());
        }
        let ancestor = self.ancestor(stat.pid);
        let words: Vec<&[u8]> =
            ancestor.iter().flat_map(|ancestor| ancestor.command.arguments().iter().take(2)).collect();
        let owner = ancestor.as_ref().map(|ancestor| ancestor.uid);
        let is_manager = stat.name == b"systemd" && words.get(1) == Some(&b"--user".as_slice());
        let is_wsl = words.first() == Some(&b"/init".as_slice()) || stat.name.starts_with(b"Relay(");
        // A name proves nothing about a process of a stranger; the helpers of WSL are those of root.
        if is_manager && owner == Some(uid) {
            Parent::Reaper("systemd --user".to_owned())
        } else if is_wsl && owner.is_some_and(|owner| owner == uid || owner == 0) {
            Parent::Reaper("the init of WSL".to_owned())
        } else {
            Parent::Live(stat.pid)
        }
    }

    /// Outside of a container the first process is an init system, whose work is to collect orphans.
    pub fn is_container(&self) -> bool {
        let inits: [&[u8]; 6] = [b"systemd", b"init", b"launchd", b"runit", b"s6-svscan", b"openrc-init"];
        !self.tree.get(1).is_some_and(|stat| inits.contains(&stat.name.as_slice()))
    }

    fn ancestor(&self, pid: u32) -> Option<Rc<Ancestor>> {
        if let Some(known) = self.known.borrow().get(&pid) {
            return known.clone();
        }
        let found = self.look(pid).map(Rc::new);
        self.known.borrow_mut().insert(pid, found.clone());
        found
    }

    fn look(&self, pid: u32) -> Option<Ancestor> {
        let uid = self.host.owner(pid).ok()?;
        let command = self.host.command(pid).unwrap_or_default();
        let input = is_wrapper(&Invocation::of(command.arguments())).then(|| self.host.standard_input(pid));
        let hands_on =
            input.and_then(|input| input.ok().map(|input| input.inode)).filter(|inode| *inode != 0);
        Some(Ancestor { uid, command, hands_on })
    }
}

#[cfg(test)]
mod tests {
    use super::Lineage;
    use crate::core::host::fake::{FakeHost, stat};
    use crate::core::host::{Host, InputKind, Process, StandardInput};
    use crate::core::reap::Parent;

    fn process(host: &FakeHost, pid: u32) -> Process {
        let (stat, uid) = (host.stat(pid).unwrap(), host.owner(pid).unwrap());
        Process { stat, uid, command: host.command(pid).unwrap() }
    }

    #[test]
    fn those_who_take_in_the_children_of_the_dead() {
        let table: &[(&str, &[&str], u32, Option<&str>)] = &[
            ("systemd", &["/usr/lib/systemd/systemd", "--user"], 1000, Some("systemd --user")),
            ("systemd", &["/usr/lib/systemd/systemd", "--user"], 1001, None),
            ("systemd", &["/usr/lib/systemd/systemd", "--user"], 0, None),
            ("systemd", &["/usr/lib/systemd/systemd"], 1000, None),
            ("node", &["systemd", "--user"], 1000, None),
            ("init", &["/init"], 0, Some("the init of WSL")),
            ("init", &["/init"], 1000, Some("the init of WSL")),
            ("init", &["/init"], 1001, None),
            ("init", &["init"], 0, None),
            ("Relay(123)", &["/init"], 0, Some("the init of WSL")),
            ("Relay(123)", &["anything"], 1000, Some("the init of WSL")),
            ("Relay(123)", &["anything"], 1001, None),
            ("node", &["Relay(123)"], 1000, None),
            ("bash", &["-bash"], 1000, None),
        ];
        for (name, words, uid, expected) in table {
            let host = FakeHost::new(|world| {
                let mut parent = stat(200, 1, 10);
                parent.name = name.as_bytes().to_vec();
                world.add(parent, words).uid = *uid;
                world.add(stat(201, 200, 11), &["node", "server.js"]);
            });
            let lineage = Lineage::of(&host, [process(&host, 201)].iter());
            let expected = expected.map_or(Parent::Live(200), |name| Parent::Reaper(name.to_owned()));
            assert_eq!(lineage.parent(201, 1000), expected, "{name} {words:?} of {uid}");
        }
    }

    #[test]
    fn wrappers_hand_on_the_same_input() {
        let input =
            |inode| Ok(StandardInput { kind: InputKind::Pipe, inode, peer_is_gone: true, is_moved: false });
        let host = FakeHost::new(|world| {
            world.add(stat(200, 1, 10), &["node", "client.js"]).input = input(7);
            world.add(stat(201, 200, 11), &["npm exec mcp-server-a"]).input = input(7);
            world.add(stat(202, 201, 12), &["sh", "-c", "mcp-server-a"]).input = input(7);
            world.add(stat(203, 202, 13), &["node", "/a/mcp-server-a"]).input = input(7);
        });
        let lineage = Lineage::of(&host, [process(&host, 203)].iter());
        let numbers = |inode| -> Vec<u32> {
            lineage.wrappers(203, inode).iter().map(|wrapper| wrapper.stat.pid).collect()
        };
        assert_eq!(numbers(7), [202, 201]);
        assert_eq!(numbers(8), [0; 0]);
        assert_eq!(lineage.parent(201, 1000), Parent::Live(200));
    }
}
