//! A package whose embeddings are shorter: both towers end in a projection, and a rotation by the spectrum, of which only the first
//! components are kept, becomes a part of it. So whoever reads the package, or a catalog made with it, needs to know nothing.
//! SigLIP's image tower has no projection at its end, so there is nothing that a rotation could become a part of.

use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{D, Device, Tensor};
use clip_rs_search::Embedding;
use clip_rs_search::model::{Architecture, Concepts, ModelConfig, TensorSpec};
use clip_rs_stage::{StageError, files};
use clip_rs_towers::tensors::{self, Tower};

use super::Package;
use super::import::write_gguf;
use super::spectrum::Spectrum;
use clip_rs_package::CONFIG_FILE;

/// What a tower ends in.
#[derive(Clone, Copy)]
enum Last {
    /// A matrix `(embed_dim, width)`.
    Rows,
    /// A matrix `(width, embed_dim)`.
    Columns,
    /// A row `(embed_dim,)` that is added.
    Bias,
}

impl Last {
    /// Whether a tensor of this name is a part of a tower's end: CLIP's and Chinese-CLIP's projections, MobileCLIP's, and that of a
    /// residual network.
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "text_projection.weight" | "visual_projection.weight" => Self::Rows,
            "visual.attnpool.c_proj.weight" | "visual.trunk.head.fc.weight" => Self::Rows,
            "visual.attnpool.c_proj.bias" | "visual.trunk.head.fc.bias" => Self::Bias,
            "text.text_projection" => Self::Columns,
            _ => return None,
        })
    }
}

/// The trainer's own vectors, which the project keeps beside its model.
const GOLDEN: &str = "golden.json";

/// Writes `package` into `out`, a folder that is new or empty, with embeddings of the first `dim` components. `told` says in its
/// provenance what the spectrum was taken of.
pub(crate) fn write(
    package: &Package,
    spectrum: &Spectrum,
    dim: usize,
    told: &str,
    out: &Path,
) -> Result<(), StageError> {
    if package.config.architecture == Some(Architecture::Siglip) {
        let why = "SigLIP's image tower does not end in a projection, so its embeddings cannot be shortened";
        return Err(StageError::content(package.folder(), why));
    }
    files::make_folder(out)?;
    if std::fs::read_dir(out).map_err(StageError::io("read", out))?.next().is_some() {
        return Err(StageError::content(out, "is not empty: give a new folder"));
    }
    let mut config = package.config.clone();
    config.embed_dim = dim;
    config.provenance = format!("{}; {told}", config.provenance);
    let rotation = Rotation { spectrum, dim, folder: package.folder() };
    let text = rotation.text(package)?;
    let image = rotation.tensors(&package.image, tensors::image(&package.config))?;
    write_gguf(&out.join(&config.text.file), &config, Tower::Text, &text)?;
    write_gguf(&out.join(&config.image.file), &config, Tower::Image, &image)?;
    files::write_durably(&out.join(&config.tokenizer.file), &package.vocabulary)?;
    rotation.golden(out)?;
    write_config(&config, &out.join(CONFIG_FILE))?;
    // What was written is read again: nothing is left that would not load.
    let package = Package::read(out)?;
    package.text_encoder()?;
    package.image_encoder().map(drop)
}

fn write_config(config: &ModelConfig, path: &Path) -> Result<(), StageError> {
    let json = serde_json::to_string_pretty(config).map_err(StageError::engine(CONFIG_FILE))?;
    files::write_durably(path, format!("{json}\n").as_bytes()).map(drop)
}

struct Rotation<'a> {
    spectrum: &'a Spectrum,
    dim: usize,
    /// Of the package that is shortened.
    folder: &'a Path,
}

impl Rotation<'_> {
    fn failed(&self) -> impl FnOnce(candle_core::Error) -> StageError {
        StageError::engine(self.folder.display())
    }

    /// The tensors of a tower's file, its projection rotated and cut; each is stored as it was.
    fn tensors(&self, gguf: &[u8], specs: Vec<TensorSpec>) -> Result<Vec<(String, QTensor)>, StageError> {
        let mut file = std::io::Cursor::new(gguf);
        let content = Content::read(&mut file).map_err(self.failed())?;
        let mut found = Vec::with_capacity(specs.len());
        for spec in specs {
            let tensor = content.tensor(&mut file, &spec.name, &Device::Cpu).map_err(self.failed())?;
            let tensor = match Last::of(&spec.name) {
                Some(last) => self.turned(last, &tensor).map_err(self.failed())?,
                None => tensor,
            };
            found.push((spec.name, tensor));
        }
        Ok(found)
    }

    /// The same with `dim` in the place of `embed_dim`.
    fn turned(&self, last: Last, stored: &QTensor) -> candle_core::Result<QTensor> {
        let basis = self.spectrum.first(self.dim);
        let basis = Tensor::from_vec(basis, (self.dim, self.spectrum.dim()), &Device::Cpu)?;
        let numbers = stored.dequantize(&Device::Cpu)?;
        let turned = match last {
            Last::Rows => basis.matmul(&numbers)?,
            Last::Columns => numbers.matmul(&basis.t()?)?.contiguous()?,
            Last::Bias => basis.matmul(&numbers.unsqueeze(1)?)?.squeeze(1)?,
        };
        // Blocks are of a row, which may have become too short for them.
        let fits = turned.dim(D::Minus1)?.is_multiple_of(stored.dtype().block_size());
        QTensor::quantize(&turned, if fits { stored.dtype() } else { GgmlDType::F16 })
    }

    /// The text tower's tensors, with the bank of concepts if it has one.
    fn text(&self, package: &Package) -> Result<Vec<(String, QTensor)>, StageError> {
        let mut found = self.tensors(&package.text, tensors::text(&package.config))?;
        if package.text_encoder()?.concepts().is_none() {
            return Ok(found);
        }
        let mut file = std::io::Cursor::new(&package.text);
        let content = Content::read(&mut file).map_err(self.failed())?;
        let [vectors, names, marks] = Concepts::tensors(package.config.embed_dim);
        let mut stored = |spec: &TensorSpec| content.tensor(&mut file, &spec.name, &Device::Cpu);
        let bank = stored(&vectors).map_err(self.failed())?;
        let others = [names, marks].map(|spec| Ok((spec.name.clone(), stored(&spec)?)));
        let others = others.into_iter().collect::<candle_core::Result<Vec<_>>>().map_err(self.failed())?;
        let shorter = || -> candle_core::Result<QTensor> {
            let rows = bank.dequantize(&Device::Cpu)?.to_vec2::<f32>()?;
            let rows: Vec<f32> = rows.iter().flat_map(|row| self.spectrum.shortened(row, self.dim)).collect();
            let rows = Tensor::from_vec(rows, (Concepts::COUNT, self.dim), &Device::Cpu)?;
            QTensor::quantize(&rows, bank.dtype())
        };
        found.push((vectors.name, shorter().map_err(self.failed())?));
        found.extend(others);
        Ok(found)
    }

    /// The trainer's own vectors and the pictures that they are of, where they lie beside the package.
    fn golden(&self, out: &Path) -> Result<(), StageError> {
        let path = self.folder.join(GOLDEN);
        if !path.is_file() {
            return Ok(());
        }
        let wrong = |error: serde_json::Error| StageError::content(&path, error);
        let mut golden: serde_json::Value = serde_json::from_slice(&files::read(&path)?).map_err(wrong)?;
        for list in ["texts", "images"] {
            for one in golden[list].as_array_mut().into_iter().flatten() {
                let vector: Vec<f32> = serde_json::from_value(one["vector"].take()).map_err(wrong)?;
                let vector = Embedding::new(vector).map_err(|error| StageError::content(&path, error))?;
                one["vector"] = serde_json::json!(self.spectrum.shortened(vector.as_slice(), self.dim));
                if let Some(name) = one["file"].as_str().map(PathBuf::from) {
                    // A name, so that nothing is read or written elsewhere.
                    let name = name.file_name().map(PathBuf::from).unwrap_or_default();
                    files::write_durably(&out.join(&name), &files::read(&self.folder.join(&name))?)?;
                }
            }
        }
        let json = serde_json::to_string(&golden).map_err(wrong)?;
        files::write_durably(&out.join(GOLDEN), format!("{json}\n").as_bytes()).map(drop)
    }
}
