//! Which bands of a raster are colours, which is transparency, and which values mean that there is no data.

use geotiff_reader::GeoTiffFile;
use tiff_reader::{ColorModel, ExtraSample};

/// What of an alpha band's samples must be fully transparent or fully opaque; a band of measurements that is
/// only stored as alpha (near infrared) has few such values.
const ALPHA_SHARE: f64 = 0.98;

/// How decoded samples become a colour.
#[derive(Debug, Clone)]
pub(super) struct Bands {
    /// Places of red, green and blue among the samples of a pixel.
    pub colours: [usize; 3],
    /// The band that may be transparency, and the value that is opaque.
    pub alpha: Option<(usize, f32)>,
    /// The value that means that there is no data.
    pub nodata: Option<f32>,
    /// Samples of a pixel.
    pub samples: usize,
    /// Whether samples are shown as they are: 8 bits of colour.
    pub plain: bool,
    /// The bands in words.
    pub spoken: String,
}

impl Bands {
    /// Reads the layout of a file; the error is a sentence about it.
    pub fn of(file: &GeoTiffFile) -> Result<Self, String> {
        let ifd = file.tiff().ifd(file.base_ifd_index()).map_err(|error| error.to_string())?;
        let layout = ifd.decoded_raster_layout().map_err(|error| error.to_string())?;
        let stored = ifd.raster_layout().map_err(|error| error.to_string())?;
        let model = ifd.color_model().map_err(|error| error.to_string())?;
        let samples = layout.samples_per_pixel;
        let (own, extra, indexed) = match &model {
            ColorModel::Grayscale { extra_samples, .. } => (1, extra_samples, false),
            ColorModel::Palette { extra_samples, .. } => (3, extra_samples, true),
            ColorModel::Rgb { extra_samples }
            | ColorModel::YCbCr { extra_samples, .. }
            | ColorModel::Cmyk { extra_samples }
            | ColorModel::CieLab { extra_samples } => (3, extra_samples, false),
            ColorModel::Separated { .. } | ColorModel::TransparencyMask => {
                return Err("its colours are inks or a mask, which cannot be shown".to_owned());
            }
        };
        let is_alpha = |extra: &ExtraSample| {
            matches!(extra, ExtraSample::AssociatedAlpha | ExtraSample::UnassociatedAlpha)
        };
        let opaque = match (layout.sample_format, layout.bits_per_sample) {
            (1, bits) if bits <= 16 => ((1_u32 << bits) - 1) as f32,
            _ => 1.0,
        };
        let alpha = extra.iter().position(is_alpha).map(|place| (own + place, opaque));
        // Bands beyond a grey one are colours as well unless they are transparency.
        let colours = if own == 3 || (samples >= 3 && alpha.is_none_or(|(place, _)| place >= 3)) {
            [0, 1, 2]
        } else {
            [0, 0, 0]
        };
        let spoken = match colours {
            [0, 1, 2] if samples == 3 => "its three bands are shown as red, green and blue".to_owned(),
            [0, 1, 2] => format!("of its {samples} bands the first three are shown as red, green and blue"),
            _ if samples == 1 => "its one band is shown as grey".to_owned(),
            _ => format!("of its {samples} bands the first is shown as grey"),
        };
        let plain = (layout.sample_format, layout.bits_per_sample) == (1, 8)
            && (stored.bits_per_sample == 8 || indexed);
        let nodata = file.nodata().and_then(|text| text.trim().parse::<f64>().ok()).map(|value| value as f32);
        Ok(Self { colours, alpha, nodata, samples, plain, spoken })
    }

    /// Drops an alpha band that does not behave like one, given some of the raster's samples; returns whether
    /// it did.
    pub fn distrust_alpha(&mut self, samples: &[f32]) -> bool {
        let Some((place, opaque)) = self.alpha else { return false };
        let values = || samples.iter().skip(place).step_by(self.samples.max(1));
        let decided = values().filter(|value| **value == 0.0 || **value == opaque).count();
        if (decided as f64) < ALPHA_SHARE * values().count() as f64 {
            self.alpha = None;
            return true;
        }
        false
    }

    /// Whether a pixel carries data.
    pub fn has_data(&self, pixel: &[f32]) -> bool {
        let no_number = |band: &usize| pixel[*band].is_nan();
        let is_nodata = |band: &usize| self.nodata.is_some_and(|nodata| pixel[*band] == nodata);
        let transparent = self.alpha.is_some_and(|(place, opaque)| pixel[place] < opaque / 2.0);
        !transparent && !self.colours.iter().any(no_number) && !self.colours.iter().all(is_nodata)
    }
}

/// From samples to 8 bits: for each colour the sample that becomes black and the one that becomes white.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stretch(pub [(f32, f32); 3]);

impl Stretch {
    /// Samples of 8 bits as they are.
    pub const NONE: Self = Self([(0.0, 255.0); 3]);

    /// From the 2nd to the 98th percentile of each colour's samples; black and white are never equal.
    pub fn of(mut samples: [Vec<f32>; 3]) -> Self {
        Self(samples.each_mut().map(|samples| {
            samples.sort_unstable_by(f32::total_cmp);
            let at = |share: f64| {
                let place = (samples.len().saturating_sub(1)) as f64 * share;
                samples.get(place.round() as usize).copied().unwrap_or_default()
            };
            let (black, white) = (at(0.02), at(0.98));
            if white > black { (black, white) } else { (black, black + 1.0) }
        }))
    }

    /// The 8-bit value of a sample of a colour (0 red, 1 green, 2 blue).
    pub fn apply(&self, colour: usize, sample: f32) -> u8 {
        let (black, white) = self.0[colour];
        ((sample - black) / (white - black) * 255.0).round().clamp(0.0, 255.0) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands() -> Bands {
        Bands {
            colours: [0, 1, 2],
            alpha: Some((3, 255.0)),
            nodata: Some(0.0),
            samples: 4,
            plain: true,
            spoken: String::new(),
        }
    }

    #[test]
    fn alpha_is_believed_only_when_it_is_nearly_all_or_nothing() {
        let mask: Vec<f32> = (0..400).map(|i| if i % 8 < 4 { 255.0 } else { 0.0 }).collect();
        assert!(!bands().distrust_alpha(&mask));
        let infrared: Vec<f32> = (0..400).map(|i| (i % 97) as f32).collect();
        let mut distrusted = bands();
        assert!(distrusted.distrust_alpha(&infrared) && distrusted.alpha.is_none());
    }

    #[test]
    fn a_pixel_has_no_data_when_all_colours_say_so_or_alpha_does() {
        let bands = bands();
        assert!(bands.has_data(&[0.0, 0.0, 3.0, 255.0]));
        assert!(!bands.has_data(&[0.0, 0.0, 0.0, 255.0]));
        assert!(!bands.has_data(&[9.0, 9.0, 9.0, 0.0]));
        assert!(!bands.has_data(&[f32::NAN, 9.0, 9.0, 255.0]));
    }

    #[test]
    fn a_stretch_goes_from_the_second_to_the_ninety_eighth_percentile() {
        let samples: Vec<f32> = (0..=1000).map(|v| v as f32).collect();
        let stretch = Stretch::of([samples.clone(), samples, vec![7.0; 3]]);
        assert_eq!(stretch.0, [(20.0, 980.0), (20.0, 980.0), (7.0, 8.0)]);
        assert_eq!([stretch.apply(0, 0.0), stretch.apply(0, 500.0), stretch.apply(0, 4000.0)], [0, 128, 255]);
        assert_eq!(Stretch::NONE.apply(1, 77.0), 77);
    }
}
