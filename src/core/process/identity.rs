//! Who a process is, beyond the number that the kernel gives away again.

use std::fmt;
use std::num::NonZeroI32;

/// The number of a process that may be signalled: 2 to `i32::MAX`.
///
/// 0 means the caller's group, -1 means every process there is, 1 is the first process, and `u32::MAX`
/// turns into -1 in a cast: none of them has a value of this type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pid(NonZeroI32);

impl Pid {
    /// The process of this number, unless no process of this number may ever be signalled.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        let signed = i32::try_from(number).ok()?;
        NonZeroI32::new(signed).filter(|number| number.get() > 1).map(Self)
    }

    /// The number, for the kernel.
    #[must_use]
    pub const fn number(self) -> NonZeroI32 {
        self.0
    }

    /// The number, for people and documents.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get().unsigned_abs()
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Which boot of the machine it is: the kernel's random identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BootId(pub u128);

impl BootId {
    /// From the text of a UUID, as the kernel prints it; a text without 32 hexadecimal digits is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.trim().chars().filter(|letter| *letter != '-').collect();
        if digits.len() != 32 {
            return None;
        }
        u128::from_str_radix(&digits, 16).ok().map(Self)
    }
}

impl fmt::Display for BootId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

/// When a process started, in the finest unit that the platform tells: clock ticks since the boot (Linux,
/// `/proc/PID/stat` field 22), seconds since the epoch elsewhere. Only good for comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StartTicks(pub u64);

/// One process, and never another: the number alone is given to a stranger as soon as its owner is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The boot in which it lives.
    pub boot: BootId,
    /// Its number.
    pub pid: Pid,
    /// When it started.
    pub start: StartTicks,
}

#[cfg(test)]
mod tests {
    use super::{BootId, Pid};

    #[test]
    fn what_must_never_be_signalled_has_no_value() {
        for number in [0, 1, u32::MAX, (-1_i32).cast_unsigned(), i32::MAX.cast_unsigned() + 1] {
            assert_eq!(Pid::new(number), None, "{number}");
        }
        for number in [2, 4711, i32::MAX.cast_unsigned()] {
            assert_eq!(Pid::new(number).map(Pid::get), Some(number));
        }
    }

    #[test]
    fn a_boot_id_is_a_uuid() {
        let text = "7f3e4f0e-52a5-4d0c-8a2b-0d8e5c1b2a3f\n";
        assert_eq!(BootId::parse(text), Some(BootId(0x7f3e_4f0e_52a5_4d0c_8a2b_0d8e_5c1b_2a3f)));
        for text in ["", "7f3e", "zz3e4f0e-52a5-4d0c-8a2b-0d8e5c1b2a3f"] {
            assert_eq!(BootId::parse(text), None, "{text}");
        }
    }
}
