//! The order of results, other than by how well they fit.

use clip_rs_catalog::LngLat;

use crate::distance;
use crate::protocol::Hit;

/// An order of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The best first.
    #[default]
    Fit,
    /// The nearest to the middle of the map first.
    Near,
    /// The newest first; those without a day last.
    Newest,
    /// By place, address and id.
    Name,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Fit, Self::Near, Self::Newest, Self::Name];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fit => "Best first",
            Self::Near => "Nearest to the map's middle",
            Self::Newest => "Newest first",
            Self::Name => "By name",
        }
    }

    /// The places of `hits`, which are best first, in this order. `from` is where distances count from.
    pub fn of(self, hits: &[Hit], from: Option<LngLat>) -> Vec<usize> {
        let mut places: Vec<usize> = (0..hits.len()).collect();
        let far = |hit: &Hit| match (hit.footprint, from) {
            (Some(footprint), Some(from)) => distance::between(footprint.centre(), from),
            _ => f64::INFINITY,
        };
        match self {
            Self::Fit => {}
            Self::Near => places.sort_by(|a, b| far(&hits[*a]).total_cmp(&far(&hits[*b]))),
            Self::Newest => places.sort_by(|a, b| hits[*b].captured.cmp(&hits[*a].captured)),
            Self::Name => {
                let name =
                    |hit: &Hit| (hit.place.is_none(), hit.place.clone(), hit.address.clone(), hit.id.clone());
                places.sort_by_cached_key(|at| name(&hits[*at]));
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use clip_rs_catalog::Bounds;

    use super::*;

    fn hit(id: &str, lng: Option<f64>, place: Option<&str>, captured: Option<&str>) -> Hit {
        Hit {
            id: id.into(),
            similarity: 0.5,
            cosine: 0.3,
            footprint: lng.and_then(|lng| Bounds::new(lng, 10.0, lng, 10.0).ok()),
            place: place.map(Into::into),
            address: None,
            address_m: None,
            captured: captured.map(Into::into),
            source: None,
            duplicate_of: None,
            duplicates: 0,
        }
    }

    fn hits() -> [Hit; 4] {
        [
            hit("c", Some(-179.0), Some("B"), Some("2020-01-01")),
            hit("b", None, None, None),
            hit("a", Some(170.0), Some("A"), Some("2021-01-01")),
            hit("d", Some(179.5), Some("B"), None),
        ]
    }

    #[test]
    fn results_are_ordered_by_distance_day_and_name() {
        let hits = hits();
        let from = LngLat::new(179.0, 10.0).ok();
        assert_eq!(Order::Fit.of(&hits, from), [0, 1, 2, 3]);
        assert_eq!(
            Order::Near.of(&hits, from),
            [3, 0, 2, 1],
            "across the antimeridian; without a place last"
        );
        assert_eq!(Order::Newest.of(&hits, None), [2, 0, 1, 3]);
        assert_eq!(Order::Name.of(&hits, None), [2, 0, 3, 1]);
    }
}
