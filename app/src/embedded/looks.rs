//! How the page is to look in a host's page: light or dark, one colour, how round, a typeface, how high. Each is a type that
//! holds nothing else, so that no style of the host's own can come in with it.

use serde::Deserialize;

/// Roundest corners, CSS pixels.
const MOST_RADIUS: f64 = 32.0;
/// Longest list of typefaces, characters.
const MOST_FONT: usize = 200;

/// How the page is to look; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Looks {
    /// Light or dark.
    pub theme: Theme,
    /// The colour of what can be pressed and of what was found.
    pub accent: Option<Accent>,
    /// How round corners are.
    pub radius: Option<Radius>,
    /// The typeface.
    pub font: Option<Font>,
    /// How high the frame is.
    pub height: Height,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the person chose here, or else as their system is.
    #[default]
    Auto,
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
}

/// Who decides how high the frame is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Height {
    /// The host: the page scrolls inside.
    #[default]
    Fixed,
    /// The page: the frame is as high as its content.
    Auto,
}

/// A value that is no such thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LooksError {
    /// Of a colour.
    #[error("an accent is a colour as six hexadecimal digits, such as #0d6b52")]
    Accent,
    /// Of a radius.
    #[error("a radius is a number of pixels from 0 to {MOST_RADIUS}")]
    Radius,
    /// Of a typeface.
    #[error("a font is a list of names of typefaces of at most {MOST_FONT} characters")]
    Font,
}

/// An opaque colour: red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Accent([u8; 3]);

impl Accent {
    /// The colour as CSS has it: `#0d6b52`.
    pub fn css(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// Black or white, whichever is read more easily on it: the larger contrast by WCAG 2.2
    /// (<https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>).
    pub fn ink(self) -> &'static str {
        // (L + .05) / .05 against black, 1.05 / (L + .05) against white.
        let light = self.luminance() + 0.05;
        if light * light > 0.05 * 1.05 { "#000000" } else { "#ffffff" }
    }

    /// Relative luminance, 0 to 1 (<https://www.w3.org/TR/WCAG22/#dfn-relative-luminance>).
    fn luminance(self) -> f64 {
        let linear = |byte: u8| {
            let share = f64::from(byte) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl TryFrom<String> for Accent {
    type Error = LooksError;

    fn try_from(text: String) -> Result<Self, LooksError> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(LooksError::Accent)?;
        let is_number = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_number).ok_or(LooksError::Accent)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

/// How round corners are, CSS pixels, 0 to 32.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Radius(f64);

impl Radius {
    /// The radius as CSS has it: `8px`.
    pub fn css(self) -> String {
        format!("{}px", self.0)
    }
}

impl TryFrom<f64> for Radius {
    type Error = LooksError;

    fn try_from(pixels: f64) -> Result<Self, LooksError> {
        if (0.0..=MOST_RADIUS).contains(&pixels) { Ok(Self(pixels)) } else { Err(LooksError::Radius) }
    }
}

/// Names of typefaces with commas between, as CSS has them. Typefaces that the host loads are not known in its frame.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Font(String);

impl Font {
    /// The list as CSS has it.
    pub fn css(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Font {
    type Error = LooksError;

    fn try_from(text: String) -> Result<Self, LooksError> {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | ',' | '-' | '_' | '"' | '\'');
        let fits = text.chars().count() <= MOST_FONT && !text.trim().is_empty() && text.chars().all(plain);
        if fits { Ok(Self(text)) } else { Err(LooksError::Font) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_read_and_written_as_css_has_them() {
        let text = r##"{"theme":"light","accent":"#0D6b52","radius":4.5,"font":"Georgia, \"Noto Serif\", serif","height":"auto"}"##;
        let looks: Looks = serde_json::from_str(text).expect("looks");
        assert_eq!(looks.theme, Theme::Light);
        assert_eq!(looks.accent.map(Accent::css).as_deref(), Some("#0d6b52"));
        assert_eq!(looks.radius.map(Radius::css).as_deref(), Some("4.5px"));
        assert_eq!(looks.font.as_ref().map(Font::css), Some("Georgia, \"Noto Serif\", serif"));
        assert_eq!(looks.height, Height::Auto);
        let none: Looks = serde_json::from_str(r#"{"accent":null}"#).expect("looks");
        assert_eq!(none, Looks::default());
    }

    #[test]
    fn nothing_but_a_colour_a_number_and_names_comes_in() {
        for wrong in [
            r#"{"accent":"red"}"#,
            r##"{"accent":"#fff"}"##,
            r##"{"accent":"#+12345"}"##,
            r##"{"accent":"#0d6b5é"}"##,
            r#"{"accent":"url(https://elsewhere.example/)"}"#,
            r#"{"radius":-1}"#,
            r#"{"radius":33}"#,
            r#"{"radius":"8px"}"#,
            r#"{"font":""}"#,
            r#"{"font":"a;background:url(x)"}"#,
            r#"{"font":"a(b)"}"#,
            r#"{"theme":"pink"}"#,
            r#"{"height":300}"#,
        ] {
            assert!(serde_json::from_str::<Looks>(wrong).is_err(), "{wrong}");
        }
        assert!(Font::try_from("a".repeat(MOST_FONT + 1)).is_err());
        assert!(Radius::try_from(f64::NAN).is_err());
    }

    #[test]
    fn ink_on_any_accent_can_be_read() {
        for channels in (0..=5).flat_map(|r| (0..=5).flat_map(move |g| (0..=5).map(move |b| [r, g, b]))) {
            let accent = Accent(channels.map(|step| step * 51));
            let ink = Accent::try_from(accent.ink().to_owned()).expect("a colour").luminance();
            let (dark, light) = (ink.min(accent.luminance()), ink.max(accent.luminance()));
            // Of black and white one has at least the square root of 21.
            assert!((light + 0.05) / (dark + 0.05) > 4.5, "{} on {}", accent.ink(), accent.css());
        }
    }
}
