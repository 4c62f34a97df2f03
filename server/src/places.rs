//! Who is connected: bounds on how many connections there are, in all and from one address. Where a bound is reached,
//! the connection that has done nothing for longest gives way.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use crate::limits::Limits;

/// How long to wait before looking again whether somebody gives way.
const PAUSE: Duration = Duration::from_millis(100);

/// All places. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    limits: Limits,
    taken: Arc<Mutex<Taken>>,
    freed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    places: HashMap<u64, (IpAddr, Arc<Activity>)>,
    by_peer: HashMap<IpAddr, usize>,
}

/// A connection's place, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    number: u64,
    activity: Arc<Activity>,
    places: Places,
}

/// When a connection last moved bytes, and whether it has to go.
#[derive(Debug)]
pub(crate) struct Activity {
    start: Instant,
    /// Milliseconds after the start.
    last: AtomicU64,
    gone: Notify,
}

impl Activity {
    fn new() -> Self {
        Self { start: Instant::now(), last: AtomicU64::new(0), gone: Notify::new() }
    }

    /// Says that bytes have moved.
    pub(crate) fn touch(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    fn idle(&self) -> Duration {
        self.start.elapsed().saturating_sub(Duration::from_millis(self.last.load(Ordering::Relaxed)))
    }
}

impl Places {
    /// As many as `limits` allow, all free.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, taken: Arc::default(), freed: Arc::default() }
    }

    /// A place for a connection from `address`: waits for one, unless this address itself has taken all that it may.
    pub(crate) async fn take(&self, address: IpAddr) -> Option<Place> {
        let peer = network(address);
        loop {
            let freed = self.freed.notified();
            {
                let mut taken = self.lock();
                let own = taken.by_peer.get(&peer).copied().unwrap_or_default();
                if own >= self.limits.connections_per_peer {
                    return taken.give_way(peer, self.limits.patience).then(|| self.place(&mut taken, peer));
                }
                let is_free = taken.places.len() < self.limits.connections;
                let most = taken.by_peer.iter().max_by_key(|(_, count)| **count).map(|(peer, _)| *peer);
                if is_free || most.is_some_and(|most| taken.give_way(most, self.limits.patience)) {
                    return Some(self.place(&mut taken, peer));
                }
            }
            // Either way the next look tells.
            let _ = tokio::time::timeout(PAUSE, freed).await;
        }
    }

    fn place(&self, taken: &mut Taken, peer: IpAddr) -> Place {
        let (number, activity) = (taken.next, Arc::new(Activity::new()));
        taken.next += 1;
        taken.places.insert(number, (peer, activity.clone()));
        *taken.by_peer.entry(peer).or_default() += 1;
        Place { number, activity, places: self.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Frees the place of that connection from `peer` which has done nothing for longest, if that is `patience`.
    fn give_way(&mut self, peer: IpAddr, patience: Duration) -> bool {
        let of_peer = self.places.iter().filter(|(_, (of, _))| *of == peer);
        let longest = of_peer.map(|(number, (_, activity))| (activity.idle(), *number)).max();
        let Some((_, number)) = longest.filter(|(idle, _)| *idle >= patience) else { return false };
        if let Some(activity) = self.remove(number) {
            activity.gone.notify_one();
        }
        true
    }

    fn remove(&mut self, number: u64) -> Option<Arc<Activity>> {
        let (peer, activity) = self.places.remove(&number)?;
        if let Some(count) = self.by_peer.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                self.by_peer.remove(&peer);
            }
        }
        Some(activity)
    }
}

impl Place {
    /// What the connection's socket reports to.
    pub(crate) fn activity(&self) -> Arc<Activity> {
        self.activity.clone()
    }

    /// Ready when the connection has to give way.
    pub(crate) async fn gone(&self) {
        self.activity.gone.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().remove(self.number);
        self.places.freed.notify_one();
    }
}

/// What counts as one address: of IPv6, the network of 64 bits that one customer has at least.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn places(connections: usize, connections_per_peer: usize, patience: Duration) -> Places {
        Places::new(Limits { connections, connections_per_peer, patience, ..Limits::default() })
    }

    async fn must_go(place: &Place) -> bool {
        tokio::time::timeout(Duration::ZERO, place.gone()).await.is_ok()
    }

    #[tokio::test]
    async fn an_address_at_its_bound_gives_way_to_itself_only() {
        let places = places(4, 2, Duration::ZERO);
        let other = places.take(B).await.expect("a place");
        let first = places.take(A).await.expect("a place");
        let second = places.take(A).await.expect("a place");
        // The first one has done something since, the second one has not.
        tokio::time::sleep(Duration::from_millis(2)).await;
        first.activity().touch();
        let third = places.take(A).await.expect("a place");
        assert!(must_go(&second).await && !must_go(&first).await);
        assert!(!must_go(&other).await && !must_go(&third).await);
    }

    #[tokio::test]
    async fn an_address_at_its_bound_that_is_busy_gets_no_more() {
        let places = places(4, 2, Duration::from_secs(3600));
        let held = [places.take(A).await, places.take(A).await];
        assert!(held.iter().all(Option::is_some) && places.take(A).await.is_none());
        let other = places.take(B).await;
        assert!(other.is_some());
        drop(held);
        assert!(places.take(A).await.is_some());
    }

    #[tokio::test]
    async fn when_all_is_taken_who_has_most_gives_way() {
        let places = places(3, 3, Duration::ZERO);
        let other = places.take(B).await.expect("a place");
        let held = [places.take(A).await.expect("a place"), places.take(A).await.expect("a place")];
        let newcomer = places.take(B).await;
        assert!(newcomer.is_some() && !must_go(&other).await);
        assert!(must_go(&held[0]).await || must_go(&held[1]).await);
    }

    #[test]
    fn an_address_is_a_whole_network_of_ipv6() {
        let same = |a: &str, b: &str| {
            let [a, b] = [a, b].map(|text| network(text.parse().expect("an address")));
            a == b
        };
        assert!(same("2001:db8::1", "2001:db8::ffff:1") && !same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1") && !same("192.0.2.1", "192.0.2.2"));
    }
}
