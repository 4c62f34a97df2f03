//! Whether a package repeats the vectors that its trainer computed.

use std::path::Path;

use clip_rs_imagery::decode::Decoder;
use clip_rs_search::Embedding;
use serde::Deserialize;

use super::{Package, Quantization};
use clip_rs_stage::{StageError, files};

/// Least cosine that rounding to 8 bits explains; less means that something is computed differently.
const LEAST_COSINE: f32 = 0.98;
/// The same for rounding to 4 bits.
const LEAST_COSINE_4_BITS: f32 = 0.8;

/// Least cosine between the package's and the trainer's vectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Over the golden texts; 1 when there is none.
    pub texts: f32,
    /// Over the golden pictures; 1 when there is none.
    pub pictures: f32,
}

#[derive(Deserialize)]
struct Golden {
    texts: Vec<GoldenText>,
    #[serde(default)]
    images: Vec<GoldenPicture>,
}

#[derive(Deserialize)]
struct GoldenText {
    text: String,
    ids: Vec<u32>,
    vector: Vec<f32>,
}

#[derive(Deserialize)]
struct GoldenPicture {
    file: String,
    vector: Vec<f32>,
}

/// Compares the package in `out` with `golden.json` in the trainer's folder; none when there is no such file.
pub(super) fn compare(
    reference: &Path,
    out: &Path,
    quantization: Quantization,
) -> Result<Option<Agreement>, StageError> {
    let path = reference.join("golden.json");
    if !path.is_file() {
        return Ok(None);
    }
    let golden: Golden =
        serde_json::from_slice(&files::read(&path)?).map_err(|error| StageError::content(&path, error))?;
    let enough = match quantization {
        Quantization::Q4_0 => LEAST_COSINE_4_BITS,
        Quantization::Q8_0 | Quantization::F16 | Quantization::F32 => LEAST_COSINE,
    };
    let package = Package::read(out)?;
    let mut least = Agreement { texts: 1.0, pictures: 1.0 };
    let differs = |subject: &str, why: String| {
        StageError::content(package.folder(), format!("differs from its trainer on {subject:?}: {why}"))
    };
    let expected = |subject: &str, vector: Vec<f32>| {
        let (found, dim) = (vector.len(), package.config.embed_dim);
        if found != dim {
            return Err(differs(subject, format!("a vector of {dim} components, expected {found}")));
        }
        Embedding::new(vector).map_err(StageError::engine(format!("{}: {subject}", path.display())))
    };
    let encoder = package.text_encoder()?;
    for GoldenText { text, ids, vector } in golden.texts {
        let tokens = encoder.tokenize(&text).map_err(StageError::engine(&text))?;
        if tokens != ids {
            return Err(differs(&text, format!("tokens {tokens:?}, expected {ids:?}")));
        }
        let cosine =
            encoder.encode(&text).map_err(StageError::engine(&text))?.cosine(&expected(&text, vector)?);
        if cosine.is_nan() || cosine < enough {
            return Err(differs(&text, format!("cosine {cosine}")));
        }
        least.texts = least.texts.min(cosine);
    }
    let encoder = package.image_encoder()?;
    let decoder = Decoder::for_this_machine();
    for GoldenPicture { file, vector } in golden.images {
        let content = files::read(&reference.join(&file))?;
        let picture = decoder.decode(&content).map_err(StageError::engine(&file))?;
        let found = encoder.encode(&picture.rgb).map_err(StageError::engine(&file))?;
        let cosine = found.cosine(&expected(&file, vector)?);
        if cosine.is_nan() || cosine < enough {
            return Err(differs(&file, format!("cosine {cosine}")));
        }
        least.pictures = least.pictures.min(cosine);
    }
    Ok(Some(least))
}
