//! What is taken of a GeoJSON feature: two numbers of its coordinates and the parts of an address, whatever else is
//! there.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::parts::{Parts, part_of};

/// The first two of a list of numbers; none of nested lists.
#[derive(Debug, Default)]
pub(super) struct Coordinates(pub(super) Option<[f64; 2]>);

/// The properties that are parts of an address.
#[derive(Debug, Default)]
pub(super) struct Properties(pub(super) Parts);

/// A text or a number; none of anything else.
enum Scalar {
    Text(String),
    Number(f64),
    Neither,
}

impl<'de> Deserialize<'de> for Coordinates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Numbers;
        impl<'de> Visitor<'de> for Numbers {
            type Value = Coordinates;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of coordinates")
            }

            fn visit_unit<E>(self) -> Result<Coordinates, E> {
                Ok(Coordinates(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Coordinates, A::Error> {
                let (first, second) = (seq.next_element::<Scalar>()?, seq.next_element::<Scalar>()?);
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Coordinates(match (first, second) {
                    (Some(Scalar::Number(lng)), Some(Scalar::Number(lat))) => Some([lng, lat]),
                    _ => None,
                }))
            }
        }
        deserializer.deserialize_any(Numbers)
    }
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Known;
        impl<'de> Visitor<'de> for Known {
            type Value = Properties;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with properties")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Properties, A::Error> {
                let mut parts = Parts::default();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    let Some((part, rank)) = part_of(&key) else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    match map.next_value()? {
                        Scalar::Text(text) => parts.set(part, rank, &text),
                        Scalar::Number(number) => parts.set(part, rank, &number.to_string()),
                        Scalar::Neither => {}
                    }
                }
                Ok(Properties(parts))
            }
        }
        deserializer.deserialize_map(Known)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyValue;
        impl<'de> Visitor<'de> for AnyValue {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
                Ok(Scalar::Number(number))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar::Number(number as f64))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar::Number(number as f64))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
                Ok(Scalar::Neither)
            }

            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar::Neither)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Neither)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Neither)
            }
        }
        deserializer.deserialize_any(AnyValue)
    }
}
