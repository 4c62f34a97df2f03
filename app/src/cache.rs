//! What was fetched once and may be wanted again: bounded by bytes, and never fetched twice at a time.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use futures::FutureExt as _;
use futures::future::{LocalBoxFuture, Shared};

use crate::load::LoadError;

type Coming<T> = Shared<LocalBoxFuture<'static, Result<Rc<T>, LoadError>>>;

/// Things by name, each here or on its way. What was not asked for longest goes first when there are too many bytes;
/// whoever holds it keeps it.
pub struct Cache<T> {
    kept: RefCell<Kept<Coming<T>>>,
}

impl<T: 'static> Cache<T> {
    /// An empty cache that holds up to `limit` bytes, or one thing that is larger.
    pub fn new(limit: u64) -> Self {
        Self { kept: RefCell::new(Kept { limit, held: 0, clock: 0, entries: HashMap::new() }) }
    }

    /// The thing called `name`, which takes `bytes`; `fetch` gets it if it is neither here nor on its way. A failure is
    /// not kept: asking again tries again.
    pub async fn get(
        &self,
        name: &str,
        bytes: u64,
        fetch: impl AsyncFnOnce() -> Result<T, LoadError> + 'static,
    ) -> Result<Rc<T>, LoadError> {
        let coming = self
            .kept
            .borrow_mut()
            .touch(name, bytes, || async move { fetch().await.map(Rc::new) }.boxed_local().shared());
        let result = coming.await;
        if result.is_err() {
            self.kept.borrow_mut().remove(name);
        }
        result
    }
}

struct Kept<V> {
    limit: u64,
    held: u64,
    clock: u64,
    entries: HashMap<String, Entry<V>>,
}

struct Entry<V> {
    used: u64,
    bytes: u64,
    value: V,
}

impl<V: Clone> Kept<V> {
    fn touch(&mut self, name: &str, bytes: u64, make: impl FnOnce() -> V) -> V {
        self.clock += 1;
        if let Some(entry) = self.entries.get_mut(name) {
            entry.used = self.clock;
            return entry.value.clone();
        }
        while self.held.saturating_add(bytes) > self.limit {
            let oldest =
                self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { break };
            self.remove(&oldest);
        }
        let value = make();
        self.held = self.held.saturating_add(bytes);
        self.entries.insert(name.to_owned(), Entry { used: self.clock, bytes, value: value.clone() });
        value
    }

    fn remove(&mut self, name: &str) {
        if let Some(entry) = self.entries.remove(name) {
            self.held = self.held.saturating_sub(entry.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(kept: &Kept<u8>) -> Vec<&str> {
        let mut names: Vec<&str> = kept.entries.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn what_was_unused_longest_goes_first_when_there_are_too_many_bytes() {
        let mut kept = Kept { limit: 100, held: 0, clock: 0, entries: HashMap::new() };
        for name in ["a", "b", "c"] {
            kept.touch(name, 30, || 0);
        }
        kept.touch("a", 30, || unreachable!("it is kept"));
        kept.touch("d", 40, || 0);
        assert_eq!((names(&kept), kept.held), (vec!["a", "c", "d"], 100));
        kept.remove("c");
        kept.remove("c");
        assert_eq!(kept.held, 70);
    }

    #[test]
    fn one_thing_larger_than_the_limit_is_kept_alone() {
        let mut kept = Kept { limit: 100, held: 0, clock: 0, entries: HashMap::new() };
        kept.touch("a", 30, || 0);
        kept.touch("huge", u64::MAX, || 0);
        assert_eq!(names(&kept), ["huge"]);
        kept.touch("b", 30, || 0);
        assert_eq!((names(&kept), kept.held), (vec!["b"], 30));
    }

    #[test]
    fn a_failure_is_tried_again_and_a_success_is_shared() {
        let cache = Cache::new(100);
        let lost = || LoadError::Network { name: "a".into(), reason: "cut".into() };
        let get = |result: Result<u8, LoadError>| {
            futures::executor::block_on(cache.get("a", 1, async move || result)).map(|value| *value)
        };
        assert_eq!(get(Err(lost())), Err(lost()));
        assert_eq!(get(Ok(1)), Ok(1));
        assert_eq!(get(Ok(2)), Ok(1), "it is not fetched twice");
    }
}
