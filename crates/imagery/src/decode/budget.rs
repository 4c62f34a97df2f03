//! One bound on the memory of all decoding in the process, however many threads there are.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::error::DecodeError;

/// Bytes that may be in use at the same time. Whoever needs some waits until they are free.
#[derive(Debug)]
pub(super) struct Budget {
    total: u64,
    free: Mutex<u64>,
    returned: Condvar,
}

/// Bytes taken from a budget; they go back when this is dropped.
#[derive(Debug)]
pub(super) struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    pub(super) fn new(total: u64) -> Self {
        Self { total, free: Mutex::new(total), returned: Condvar::new() }
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Waits for `bytes`; more than the whole budget is refused at once.
    pub(super) fn take(&self, bytes: u64) -> Result<Share<'_>, DecodeError> {
        if bytes > self.total {
            return Err(DecodeError::TooLarge { needed: bytes, allowed: self.total });
        }
        let mut free = self.lock();
        while *free < bytes {
            free = self.returned.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= bytes;
        Ok(Share { budget: self, bytes })
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        // A number cannot be left half changed.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *self.budget.lock() += self.bytes;
        self.budget.returned.notify_all();
    }
}

/// A quarter of the machine's memory, at most 2 GiB; half a GiB where the system does not say how much there is.
pub(super) fn of_this_machine() -> u64 {
    const MOST: u64 = 2 << 30;
    const UNKNOWN: u64 = 512 << 20;
    let total = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    total.map_or(UNKNOWN, |kibibytes| (kibibytes * 1024 / 4).min(MOST))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn threads_together_never_hold_more_than_the_budget() {
        let (budget, held, most) = (Budget::new(100), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (budget, held, most) = (&budget, &held, &most);
                scope.spawn(move || {
                    for turn in 0..200 {
                        let bytes = 1 + (thread * 31 + turn * 17) % 100;
                        let share = budget.take(bytes).expect("within the budget");
                        most.fetch_max(held.fetch_add(bytes, Ordering::SeqCst) + bytes, Ordering::SeqCst);
                        held.fetch_sub(bytes, Ordering::SeqCst);
                        drop(share);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 100);
        assert!(budget.take(100).is_ok(), "everything came back");
    }

    #[test]
    fn what_can_never_fit_is_refused_with_both_sizes() {
        let error = Budget::new(5_000_000).take(12_000_001).expect_err("too much").to_string();
        assert!(error.contains("needs 13 MB") && error.contains("5 MB allowed"), "{error}");
    }
}
