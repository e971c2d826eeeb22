//! Text as an image name.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    checks::reference(text);
});
