//! Memory that is never written to swap.

use zeroize::Zeroizing;

/// Keeps the pages that hold `value` out of swap (`mlock`), where the system permits it: it may bound how much a process keeps there
/// (`RLIMIT_MEMLOCK`). They stay there until the process ends, for a page may hold other secrets by then.
pub fn pin<T: ?Sized>(value: &T) {
    pin_range(std::ptr::from_ref(value).cast(), size_of_val(value));
}

/// An empty line that is kept out of swap as long as it holds no more than `capacity` bytes, and is overwritten when dropped.
#[must_use]
pub fn pinned_line(capacity: usize) -> Zeroizing<String> {
    let line = Zeroizing::new(String::with_capacity(capacity));
    pin_range(line.as_ptr(), capacity);
    line
}

fn pin_range(start: *const u8, length: usize) {
    // Without it a secret is as safe as the machine's swap.
    if let Ok(guard) = region::lock(start, length.max(1)) {
        std::mem::forget(guard);
    }
}
