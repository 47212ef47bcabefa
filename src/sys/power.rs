//! `pow` for the one library that asks for it: the progress bar weighs its speed with it.
//!
//! On its account the C library of mathematics would be loaded at every start, which takes as long as keeping an event:
//! 0.1 ms. The crate `libm` has the same function (FreeBSD's `e_pow.c`, less than one unit in the last place off). That it
//! is the one that is used is shown by what the program loads: see `.ci/run`.

/// `base` to the power of `exponent`, under the name by which the standard library asks for it.
#[allow(unsafe_code, reason = "the name is that of the C library, and a linker takes the first of a name")]
// SAFETY: it is the same function: two doubles in and one out, without a pointer or a state.
#[unsafe(no_mangle)]
extern "C" fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_power_is_what_the_standard_says() {
        for (base, exponent, expected) in [
            (2.0, 10.0, 1024.0),
            (2.0, 0.5, std::f64::consts::SQRT_2),
            (0.0, 0.0, 1.0),
            (0.0, -1.0, f64::INFINITY),
            (0.1, 400.0, 0.0),
            (-8.0, 3.0, -512.0),
        ] {
            assert_eq!(super::pow(base, exponent).to_bits(), f64::to_bits(expected), "{base} {exponent}");
            assert_eq!(std::hint::black_box(base).powf(exponent).to_bits(), f64::to_bits(expected));
        }
        assert!(super::pow(-1.0, 0.5).is_nan());
    }
}
