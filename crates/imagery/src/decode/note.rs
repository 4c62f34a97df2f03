//! What was done to a picture while it was read, in words.

use std::fmt;

/// What was done to a picture that its owner may want to know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Note {
    /// Values of 16 bits of which only the lower ones are used: made brighter by powers of two.
    Stretched {
        /// Bits that the largest value needs, at least 8.
        bits: u32,
    },
    /// Values without a range of their own, brought to 0..255.
    Ranged {
        /// What became 0.
        least: f32,
        /// What became 255.
        most: f32,
    },
    /// Bands beside red, green and blue (such as near infrared) that were left out.
    BandsLeftOut {
        /// How many.
        count: usize,
    },
    /// Pixels that show nothing.
    Hidden {
        /// Their share of all, 0 to 1.
        share: f32,
    },
    /// Read at a fraction of its size.
    Reduced {
        /// Pixels of the file to one, in each direction.
        by: u32,
    },
    /// Only the first frame of an animation is read.
    FirstFrame,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stretched { bits } => write!(f, "only {bits} of 16 bits are used; brightened accordingly"),
            Self::Ranged { least, most } => {
                write!(f, "values from {least} to {most} were brought to 0 to 255")
            }
            Self::BandsLeftOut { count: 1 } => {
                f.write_str("one band beside red, green and blue was left out")
            }
            Self::BandsLeftOut { count } => {
                write!(f, "{count} bands beside red, green and blue were left out")
            }
            Self::Hidden { share } => {
                write!(f, "{:.0} % of it is transparent or without data", share * 100.0)
            }
            Self::Reduced { by } => write!(f, "read at 1/{by} of its size to fit into the memory allowed"),
            Self::FirstFrame => f.write_str("an animation of which the first frame is read"),
        }
    }
}
