//! What is trained: every weight of a tower, or low-rank adapters on its frozen matrices (LoRA).

use std::collections::{BTreeMap, HashMap, HashSet};

use candle_core::{Device, Result, Tensor, Var, bail};
use clip_rs_search::model::{ModelConfig, TensorKind, TensorSpec};

use super::settings::{Method, Settings};
use crate::model::Package;
use clip_rs_stage::StageError;
use clip_rs_stage::dice::Dice;

/// What an adapter's product is multiplied by: alpha / r of the LoRA paper, with alpha twice the rank.
const ADAPTER_SCALE: f64 = 2.0;
/// The scale that cosines are multiplied by stays within these, as in CLIP.
const SCALES: (f64, f64) = (1.0, 100.0);
/// The table of token vectors: its rows are words, and those that the data does not use must stay as they are.
const TOKEN_TABLE: &str = "text_model.embeddings.token_embedding.weight";
/// Name of the variable that holds the logarithm of the scale.
const LOG_SCALE: &str = "log_scale";

/// Tensors by the names of the checkpoint.
pub(super) struct Tensors(HashMap<String, Tensor>);

impl Tensors {
    pub(super) fn get(&self, name: &str) -> Result<&Tensor> {
        match self.0.get(name) {
            Some(tensor) => Ok(tensor),
            None => bail!("tensor {name}: missing"),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Tensor)> {
        self.0.iter()
    }
}

/// The weights that a model computes with at one moment.
pub(super) struct Values {
    pub(super) text: Tensors,
    pub(super) image: Tensors,
    /// Logarithm of what cosines are multiplied by, a scalar.
    pub(super) log_scale: Tensor,
}

/// A model in training.
pub(super) struct Model {
    pub(super) config: ModelConfig,
    pub(super) device: Device,
    text: Tower,
    image: Tower,
    /// Scalar.
    log_scale: Var,
    start_log_scale: f64,
}

/// A tower: the weights it came with and what is trained of them.
struct Tower {
    start: BTreeMap<String, Tensor>,
    change: Change,
}

enum Change {
    Nothing,
    /// New weights by name.
    Full(BTreeMap<String, Var>),
    /// Adapters by the name of the matrix they change.
    LowRank(BTreeMap<String, Adapter>),
}

/// `W + scale * up down` (Hu et al. 2021, <https://arxiv.org/abs/2106.09685>): up is zero at first.
struct Adapter {
    /// `(rank, in)`
    down: Var,
    /// `(out, rank)`
    up: Var,
}

impl Model {
    /// Brings the weights of a package to f32 and decides which of them are trained.
    pub(super) fn new(
        package: &Package,
        settings: &Settings,
        device: &Device,
    ) -> std::result::Result<Self, StageError> {
        let config = package.config.clone();
        let refuse = |file: &str| StageError::engine(package.folder().join(file).display().to_string());
        let text = config.text_weights(&package.text).map_err(refuse(&config.text.file))?;
        let image = config.image_weights(&package.image).map_err(refuse(&config.image.file))?;
        let build = || -> Result<Self> {
            let log_scale = f64::from(config.logit_scale).ln();
            let mut dice = Dice::new(settings.seed, super::streams::ADAPTERS);
            let method = |trained: bool| trained.then_some(settings.method);
            let (texts, images) = (method(settings.towers.text()), method(settings.towers.image()));
            Ok(Self {
                text: Tower::new(text, &config.text_tensors(), texts, &mut dice, device)?,
                image: Tower::new(image, &config.image_tensors(), images, &mut dice, device)?,
                log_scale: Var::from_tensor(&Tensor::new(log_scale as f32, device)?)?,
                start_log_scale: log_scale,
                config,
                device: device.clone(),
            })
        };
        build().map_err(StageError::engine(package.folder().display()))
    }

    /// The weights as they are now; `tracked` says whether gradients will be asked for.
    pub(super) fn values(&self, tracked: bool) -> Result<Values> {
        Ok(Values {
            text: self.text.values(tracked)?,
            image: self.image.values(tracked)?,
            log_scale: value(&self.log_scale, tracked),
        })
    }

    /// Weights between those at the start (`keep` 1) and those of now (`keep` 0), in a straight line (WiSE-FT,
    /// Wortsman et al. 2022, <https://arxiv.org/abs/2109.01903>).
    pub(super) fn mixed(&self, keep: f64) -> Result<Values> {
        let now = value(&self.log_scale, false);
        let log_scale = ((now * (1.0 - keep))? + keep * self.start_log_scale)?;
        Ok(Values { text: self.text.mixed(keep)?, image: self.image.mixed(keep)?, log_scale })
    }

    /// What is trained, by name.
    pub(super) fn variables(&self) -> BTreeMap<String, Var> {
        let mut variables = BTreeMap::from([(LOG_SCALE.to_owned(), self.log_scale.clone())]);
        for tower in [&self.text, &self.image] {
            tower.collect(&mut variables);
        }
        variables
    }

    /// Numbers that are trained, and numbers in all.
    pub(super) fn counts(&self) -> (usize, usize) {
        let trained = self.variables().values().map(|variable| variable.elem_count()).sum();
        let all = self.text.start.values().chain(self.image.start.values()).map(Tensor::elem_count).sum();
        (trained, all)
    }

    /// Names of the variables that weight decay draws towards zero: matrices, but not the token table.
    pub(super) fn decaying(&self) -> impl Fn(&str) -> bool {
        let specs = [self.config.text_tensors(), self.config.image_tensors()].concat();
        let matrices = specs.into_iter().filter(adapted).map(|spec| spec.name);
        let matrices: HashSet<String> = matrices.collect();
        move |name| {
            let matrix = name.strip_suffix(".down").or_else(|| name.strip_suffix(".up")).unwrap_or(name);
            matrices.contains(matrix)
        }
    }

    /// Keeps the scale in its range.
    pub(super) fn clamp(&self) -> Result<()> {
        self.log_scale.set(&self.log_scale.as_detached_tensor().clamp(SCALES.0.ln(), SCALES.1.ln())?)
    }

    /// A copy of what is trained.
    pub(super) fn snapshot(&self) -> Result<BTreeMap<String, Tensor>> {
        let copy = |(name, variable): (String, Var)| Ok((name, variable.as_detached_tensor().copy()?));
        self.variables().into_iter().map(copy).collect()
    }

    /// Sets what is trained to a former copy.
    pub(super) fn restore(&self, snapshot: &BTreeMap<String, Tensor>) -> Result<()> {
        for (name, variable) in self.variables() {
            match snapshot.get(&name) {
                Some(tensor) => variable.set(&tensor.to_device(&self.device)?)?,
                None => bail!("tensor {name}: missing"),
            }
        }
        Ok(())
    }
}

/// Whether a tensor gets an adapter (and, trained in full, decays): linear layers and convolutions.
fn adapted(spec: &TensorSpec) -> bool {
    spec.kind != TensorKind::Plain && spec.name != TOKEN_TABLE
}

fn value(variable: &Var, tracked: bool) -> Tensor {
    if tracked { variable.as_tensor().clone() } else { variable.as_detached_tensor() }
}

impl Tower {
    fn new(
        mut start: HashMap<String, Vec<f32>>,
        specs: &[TensorSpec],
        method: Option<Method>,
        dice: &mut Dice,
        device: &Device,
    ) -> Result<Self> {
        let tensor = |spec: &TensorSpec| {
            let numbers = start.remove(&spec.name).unwrap_or_default();
            Ok((spec.name.clone(), Tensor::from_vec(numbers, spec.shape.as_slice(), device)?))
        };
        let start: BTreeMap<String, Tensor> = specs.iter().map(tensor).collect::<Result<_>>()?;
        let change = match method {
            None => Change::Nothing,
            Some(Method::Full) => {
                let variable =
                    |(name, tensor): (&String, &Tensor)| Ok((name.clone(), Var::from_tensor(tensor)?));
                Change::Full(start.iter().map(variable).collect::<Result<_>>()?)
            }
            Some(Method::Lora { rank }) => {
                let adapter = |spec: &TensorSpec| {
                    Ok((spec.name.clone(), Adapter::new(&spec.stored_shape(), rank, dice, device)?))
                };
                let adapters = specs.iter().filter(|spec| adapted(spec)).map(adapter);
                Change::LowRank(adapters.collect::<Result<_>>()?)
            }
        };
        Ok(Self { start, change })
    }

    fn values(&self, tracked: bool) -> Result<Tensors> {
        let now = |(name, start): (&String, &Tensor)| {
            let tensor = self.changed(name, start, tracked)?.unwrap_or_else(|| start.clone());
            Ok((name.clone(), tensor))
        };
        Ok(Tensors(self.start.iter().map(now).collect::<Result<_>>()?))
    }

    fn mixed(&self, keep: f64) -> Result<Tensors> {
        let mix = |(name, start): (&String, &Tensor)| {
            let tensor = match self.changed(name, start, false)? {
                Some(now) => ((now * (1.0 - keep))? + (start * keep)?)?,
                None => start.clone(),
            };
            Ok((name.clone(), tensor))
        };
        Ok(Tensors(self.start.iter().map(mix).collect::<Result<_>>()?))
    }

    /// The tensor as it is now, if it is one that training changes.
    fn changed(&self, name: &str, start: &Tensor, tracked: bool) -> Result<Option<Tensor>> {
        match &self.change {
            Change::Nothing => Ok(None),
            Change::Full(variables) => Ok(variables.get(name).map(|variable| value(variable, tracked))),
            Change::LowRank(adapters) => adapters
                .get(name)
                .map(|adapter| start + adapter.product(tracked)?.reshape(start.shape())?)
                .transpose(),
        }
    }

    fn collect(&self, variables: &mut BTreeMap<String, Var>) {
        match &self.change {
            Change::Nothing => {}
            Change::Full(full) => variables.extend(full.iter().map(|(name, v)| (name.clone(), v.clone()))),
            Change::LowRank(adapters) => {
                for (name, Adapter { down, up }) in adapters {
                    variables.insert(format!("{name}.down"), down.clone());
                    variables.insert(format!("{name}.up"), up.clone());
                }
            }
        }
    }
}

impl Adapter {
    /// An adapter for a matrix `(out, in)` that changes nothing yet.
    fn new(shape: &[usize], rank: usize, dice: &mut Dice, device: &Device) -> Result<Self> {
        let &[out, input] = shape else { bail!("an adapter for a tensor of shape {shape:?}") };
        let rank = rank.min(out).min(input);
        let bound = (input as f64).powf(-0.5);
        let values: Vec<f32> = (0..rank * input).map(|_| dice.range(-bound, bound) as f32).collect();
        Ok(Self {
            down: Var::from_vec(values, (rank, input), device)?,
            up: Var::zeros((out, rank), candle_core::DType::F32, device)?,
        })
    }

    /// `(out, in)`
    fn product(&self, tracked: bool) -> Result<Tensor> {
        value(&self.up, tracked).matmul(&value(&self.down, tracked))? * ADAPTER_SCALE
    }
}
