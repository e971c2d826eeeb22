//! Bytes as `manifest.json`, as `index.json` and as a manifest of a sound archive.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    checks::manifest(bytes);
});
