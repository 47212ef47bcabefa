"""What tests/real/run tries: brainwav on real programs, each scenario a function."""
