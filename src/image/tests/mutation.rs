//! No change to an archive yields *measured* with a configuration whose layers differ.

use proptest::prelude::*;

use super::fixture::*;
use crate::{
    domain::{digest::Digest, measurement::ImageState, progress::Unwatched},
    image::measure,
};

fn samples() -> Vec<(Vec<u8>, Digest)> {
    let (a, b) = (layer("a"), layer("b"));
    let (packed, squeezed) = (gzip(&a), zstd(&b));
    let config = config(&[&a, &b]);
    let digest = Digest::of(&config);
    let archives = [
        classic(&a, &b, &config).bytes(),
        classic(&packed, &squeezed, &config).bytes(),
        hybrid(&[&a, &b], &config, &[&a, &b]).bytes(),
        hybrid(&[&packed, &squeezed], &config, &[&packed, &squeezed]).bytes(),
        gzip(&hybrid(&[&a, &b], &config, &[&a, &b]).bytes()),
        zstd(&classic(&a, &b, &config).bytes()),
    ];
    archives.into_iter().map(|bytes| (bytes, digest)).collect()
}

/// What is measured is the image that was there before the change, with all its layers.
fn is_never_another(bytes: &[u8], digest: Digest) {
    let Ok(measured) = measure(bytes, None, &Unwatched) else { return };
    for image in measured.images.iter().filter(|image| image.state == ImageState::Measured) {
        if image.config_digest == Some(digest) {
            let layers: Vec<_> = image.layers.iter().map(|layer| layer.diff_id).collect();
            assert_eq!(layers, [Digest::of(&layer("a")), Digest::of(&layer("b"))]);
            assert!(image.layers.iter().all(|layer| layer.found.is_none()));
        }
    }
}

proptest! {
    #[test]
    fn a_changed_bit_is_seen(sample in 0usize..6, at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let (mut bytes, digest) = samples().swap_remove(sample);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        is_never_another(&bytes, digest);
    }

    #[test]
    fn pieces_moved_around_never_panic(
        sample in 0usize..6, from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), length in 1usize..2000,
    ) {
        let (mut bytes, digest) = samples().swap_remove(sample);
        let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
        let piece: Vec<u8> = bytes[from..].iter().take(length).copied().collect();
        bytes.splice(to..to, piece);
        is_never_another(&bytes, digest);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        prop_assert!(measure(bytes.as_slice(), None, &Unwatched).is_err());
    }
}

#[test]
fn every_bit_of_a_layer_and_of_the_configuration_counts() {
    let (a, b) = (layer("a"), layer("b"));
    let config = config(&[&a, &b]);
    for archive in [classic(&a, &b, &config).bytes(), hybrid(&[&a, &b], &config, &[&a, &b]).bytes()] {
        for part in [&a, &b, &config] {
            let start = archive.windows(part.len()).position(|window| window == part.as_slice()).unwrap();
            for at in (start..start + part.len()).step_by(7) {
                let mut changed = archive.clone();
                changed[at] ^= 1;
                let measured = measure(changed.as_slice(), None, &Unwatched).unwrap();
                assert!(measured.images.iter().all(|image| image.state == ImageState::Corrupt), "byte {at}");
            }
        }
    }
}
