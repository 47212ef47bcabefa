//! Drives the real binary on real processes that each test starts itself.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![cfg_attr(
    feature = "portable",
    allow(dead_code, unused_imports, reason = "some cases speak of Linux's own back end alone")
)]

mod cases;
mod support;
