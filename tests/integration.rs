//! Drives the real binary on real processes that each test starts itself.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod cases;
mod support;
