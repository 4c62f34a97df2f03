//! How numbers are shown to people: bytes, coordinates, shares and times.

use clip_rs_catalog::{Crop, ItemId, LngLat};

/// Bytes in words: `0 B`, `999 B`, `1.0 kB`, `12.3 MB` (powers of 1000, as browsers show them).
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1000.0;
    let mut unit = 0;
    // 999.95 would be shown as 1000.0.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A position as it is shown and copied: longitude, then latitude, in degrees with five decimals (about a metre).
pub fn coordinates(at: LngLat) -> String {
    format!("{}, {}", degrees(at.lng()), degrees(at.lat()))
}

fn degrees(value: f64) -> String {
    let text = format!("{value:.5}");
    if text == "-0.00000" { "0.00000".to_owned() } else { text }
}

/// A distance: `40 m`, `1.2 km`.
pub fn metres(distance: u32) -> String {
    if distance < 1000 { format!("{distance} m") } else { format!("{:.1} km", f64::from(distance) / 1000.0) }
}

/// A street address with how far away it is, in metres, if that is known: `12 Mill Road (40 m away)`.
pub fn address(address: &str, distance: Option<u32>) -> String {
    match distance {
        Some(distance) if distance > 0 => format!("{address} ({} away)", metres(distance)),
        _ => address.to_owned(),
    }
}

/// What an item is called: its id, but a part of a picture in words.
pub fn item(id: &str) -> String {
    match id.parse() {
        Ok(ItemId::Picture { name, crop: Some(Crop { x, y, side }) }) => {
            format!("{name} ({side} pixels at {x}, {y})")
        }
        _ => id.to_owned(),
    }
}

/// A share from 0 to 1 as a whole percentage; what is not a number or out of range is clamped.
pub fn percent(share: f32) -> String {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    format!("{} %", (share * 100.0).round() as u8)
}

/// The chance of being right in words, with the percentage: `very likely, 91 %`.
pub fn chance(share: f32) -> String {
    let words = match share {
        share if share >= 0.8 => "very likely",
        share if share >= 0.5 => "likely",
        share if share >= 0.2 => "perhaps",
        _ => "unlikely",
    };
    format!("{words}, {}", percent(share))
}

/// What the marks of results say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// How similar they are to what was asked.
    Similarity,
    /// The chance that they are what was asked.
    Chance,
    /// How much they have changed.
    Change,
}

/// How well a result fits, in words.
pub fn mark(similarity: f32, scale: Scale) -> String {
    match scale {
        Scale::Chance => chance(similarity),
        // Only what is the same is similar in all.
        Scale::Similarity if similarity < 0.9999 => format!("{} similar", percent(similarity.min(0.99))),
        Scale::Similarity => format!("{} similar", percent(similarity)),
        Scale::Change => {
            let words = match similarity {
                share if share >= 0.5 => "changed",
                share if share >= 0.2 => "perhaps changed",
                _ => "hardly changed",
            };
            format!("{words}, {}", percent(similarity))
        }
    }
}

/// What a mark is worth, in a sentence (the engine's `Hit::similarity`).
pub fn mark_explained(similarity: f32, scale: Scale) -> String {
    match scale {
        Scale::Similarity => {
            return format!(
                "Between this and a random picture, this is what was asked for with a chance of {}.",
                percent(similarity)
            );
        }
        Scale::Change => {
            return "From 50 % on a change stands out from what all places have in common, such as season and light."
                .to_owned();
        }
        Scale::Chance => {}
    }
    let share = match (similarity.clamp(0.0, 1.0) * 100.0).round() as u8 {
        0 => "hardly any".to_owned(),
        100 => "nearly all".to_owned(),
        hundredths => format!("about {hundredths} of 100"),
    };
    format!("Of results with this mark, {share} were right in tests with held-out queries.")
}

/// Milliseconds, as precise as they are useful.
pub fn millis(value: f64) -> String {
    if value < 10.0 { format!("{value:.1} ms") } else { format!("{value:.0} ms") }
}

/// A count with its noun: `1 result`, `12 results`.
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

/// A count as people read it: `3,082`.
pub fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_words_first() {
        let told = [1.0, 0.8, 0.79, 0.5, 0.49, 0.2, 0.19, 0.0, f32::NAN].map(chance);
        let words =
            ["very likely, 100 %", "very likely, 80 %", "likely, 79 %", "likely, 50 %", "perhaps, 49 %"];
        assert_eq!(told[..5], words);
        assert_eq!(told[5..], ["perhaps, 20 %", "unlikely, 19 %", "unlikely, 0 %", "unlikely, 0 %"]);
    }

    #[test]
    fn a_mark_is_explained_as_what_it_is() {
        assert_eq!(mark(0.91, Scale::Chance), "very likely, 91 %");
        assert_eq!(mark(0.91, Scale::Similarity), "91 % similar");
        assert!(mark_explained(0.91, Scale::Chance).contains("about 91 of 100 were right"));
        assert!(mark_explained(0.999, Scale::Chance).contains("nearly all were"), "never 100 of 100");
        assert!(mark_explained(f32::NAN, Scale::Chance).contains("hardly any were"));
        assert!(mark_explained(0.91, Scale::Similarity).ends_with("with a chance of 91 %."));
    }

    #[test]
    fn bytes_are_rounded_to_a_readable_unit() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (12_345_678, "12.3 MB"),
            (5_000_000_000, "5.0 GB"),
            (u64::MAX, "18446744.1 TB"),
        ];
        for (count, expected) in cases {
            assert_eq!(bytes(count), expected);
        }
    }

    #[test]
    fn coordinates_put_longitude_first_and_have_no_negative_zero() {
        let at = |lng, lat| coordinates(LngLat::new(lng, lat).expect("in range"));
        assert_eq!(at(-77.123456, 38.8), "-77.12346, 38.80000");
        assert_eq!(at(-0.000001, -0.0), "0.00000, 0.00000");
        assert_eq!(at(180.0, -90.0), "180.00000, -90.00000");
    }

    #[test]
    fn a_percentage_stays_between_0_and_100() {
        for (share, expected) in [
            (0.0, "0 %"),
            (0.876, "88 %"),
            (1.5, "100 %"),
            (-3.0, "0 %"),
            (f32::NAN, "0 %"),
            (f32::INFINITY, "100 %"),
        ] {
            assert_eq!(percent(share), expected);
        }
    }

    #[test]
    fn an_address_says_how_far_away_it_is() {
        assert_eq!(address("12 Mill Road", Some(40)), "12 Mill Road (40 m away)");
        assert_eq!(address("12 Mill Road", Some(1240)), "12 Mill Road (1.2 km away)");
        assert_eq!(address("12 Mill Road", Some(0)), "12 Mill Road");
        assert_eq!(address("12 Mill Road", None), "12 Mill Road");
    }

    #[test]
    fn a_part_of_a_picture_is_called_so_in_words() {
        assert_eq!(item("a/p06.jpg#xywh=0,800,1200,1200"), "a/p06.jpg (1200 pixels at 0, 800)");
        for id in ["a/p06.jpg", "17/37500/50140+2", "../no item"] {
            assert_eq!(item(id), id);
        }
    }

    #[test]
    fn counts_agree_with_their_noun() {
        assert_eq!(counted(0, "result"), "0 results");
        assert_eq!(counted(1, "result"), "1 result");
        assert_eq!(counted(2304, "picture"), "2,304 pictures");
        assert_eq!(counted(1_234_567, "picture"), "1,234,567 pictures");
        assert_eq!(millis(0.04), "0.0 ms");
        assert_eq!(millis(15.4), "15 ms");
    }
}
