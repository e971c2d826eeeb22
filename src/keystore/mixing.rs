//! scrypt for parameters that RFC 7914 forbids and key files have all the same: N = 2¹⁸ with r = 1, in the definition of
//! Web3 Secret Storage itself and by default from keythereum. The `scrypt` crate refuses N ≥ 2^(16·r), which geth does not
//! ask about. Everything else is left to the crate; where both compute, the test finds them the same.
//!
//! ```text
//! password, salt ─PBKDF2─▶ p blocks of 128·r bytes ─each: N times Salsa20/8, kept; N times mixed with one of those─▶ ─PBKDF2─▶ key
//! ```

use pbkdf2::pbkdf2_hmac;
use salsa20::{
    SalsaCore,
    cipher::{StreamCipherCore as _, typenum::U4},
};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What Salsa20 mixes at once, in words of four bytes.
const PIECE: usize = 16;

/// Derives `output`. N is 2^`log_n`; the caller has bounded all of them.
pub(super) fn scrypt(password: &[u8], salt: &[u8], (log_n, r, p): (u8, usize, usize), output: &mut [u8]) {
    let words = 2 * PIECE * r;
    let mut blocks = Zeroizing::new(vec![0; 4 * words * p]);
    let mut own = Zeroizing::new(vec![0; words]);
    let mut kept = Zeroizing::new(vec![0; words << log_n]);
    let mut other = Zeroizing::new(vec![0; words]);
    pbkdf2_hmac::<Sha256>(password, salt, 1, &mut blocks);
    for block in blocks.chunks_exact_mut(4 * words) {
        read(block, &mut own);
        mix(&mut own, &mut kept, &mut other);
        for (bytes, word) in block.chunks_exact_mut(4).zip(&*own) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
    }
    pbkdf2_hmac::<Sha256>(password, &blocks, 1, output);
}

fn read(bytes: &[u8], words: &mut [u32]) {
    for (word, four) in words.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
    }
}

/// scryptROMix (RFC 7914, section 5).
fn mix(block: &mut [u32], kept: &mut [u32], other: &mut [u32]) {
    let count = kept.len() / block.len();
    for place in kept.chunks_exact_mut(block.len()) {
        place.copy_from_slice(block);
        mix_block(place, block);
    }
    for _ in 0..count {
        // Integerify: the last piece's first number. N is a power of two, and below 2³².
        let number = block[block.len() - PIECE] as usize & (count - 1);
        for ((other, own), kept) in other.iter_mut().zip(&*block).zip(&kept[number * block.len()..]) {
            *other = own ^ kept;
        }
        mix_block(other, block);
    }
}

/// scryptBlockMix (section 4): even pieces come first, odd ones behind them.
fn mix_block(from: &[u32], to: &mut [u32]) {
    let half = from.len() / 2;
    let mut piece = [0; PIECE];
    piece.copy_from_slice(&from[from.len() - PIECE..]);
    for (number, next) in from.chunks_exact(PIECE).enumerate() {
        for (word, next) in piece.iter_mut().zip(next) {
            *word ^= next;
        }
        let mut mixed = [0; 4 * PIECE];
        // Eight rounds are four double ones.
        SalsaCore::<U4>::from_raw_state(piece).write_keystream_block((&mut mixed).into());
        read(&mixed, &mut piece);
        let place = number / 2 * PIECE + if number % 2 == 0 { 0 } else { half };
        to[place..place + PIECE].copy_from_slice(&piece);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn it_is_the_crates_scrypt_where_that_computes() {
        for (log_n, r, p) in [(1, 1, 1), (4, 1, 8), (10, 1, 2), (3, 8, 1), (5, 3, 4)] {
            let (mut ours, mut theirs) = ([0; 32], [0; 32]);
            scrypt(b"password", b"salt", (log_n, r, p), &mut ours);
            let params = scrypt::Params::new(log_n, r.try_into().unwrap(), p.try_into().unwrap(), 32).unwrap();
            scrypt::scrypt(b"password", b"salt", &params, &mut theirs).unwrap();
            assert_eq!(ours, theirs, "{log_n} {r} {p}");
        }
    }
}
