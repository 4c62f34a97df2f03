//! The steps of a run, one after the other, from the beginning or from a checkpoint.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Event;
use super::batches::Batches;
use super::checkpoint::{Checkpoint, Snapshot, State};
use super::gradients::gradients;
use super::log::{self, Row};
use super::optimiser::AdamW;
use super::schedule::Schedule;
use super::settings::Settings;
use super::validation::{Score, Validation};
use super::weights::Model;
use clip_rs_stage::StageError;
use clip_rs_stage::progress::Progress;

/// A run is written down after every epoch, and in long ones after this time.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(300);

/// A run on the way.
pub(super) struct Run<'a> {
    model: &'a Model,
    batches: Batches<'a>,
    validation: Validation<'a>,
    optimiser: AdamW,
    state: State,
    best: Snapshot,
    rows: Vec<Row>,
    folder: PathBuf,
    began: Instant,
    /// Seconds of former parts of the run.
    before: f64,
    written: Instant,
}

/// What a run came to; the model has its best weights then.
pub(super) struct Outcome {
    /// Epochs after which the best weights were found, 0 for those of the start.
    pub(super) best_epoch: usize,
    pub(super) start: Option<Score>,
    pub(super) best: Option<Score>,
}

impl<'a> Run<'a> {
    /// Goes on from the checkpoint in `folder` if `resume` asks for it, else begins; `material` is the digest of
    /// model and data.
    pub(super) fn open(
        model: &'a Model,
        batches: Batches<'a>,
        validation: Validation<'a>,
        folder: &Path,
        material: String,
        resume: bool,
    ) -> Result<Self, StageError> {
        let settings = batches.settings.clone();
        let path = checkpoint_path(folder);
        let checkpoint = match (resume, path.exists()) {
            (true, true) => Checkpoint::read(&path, &model.device)?,
            (true, false) => {
                return Err(StageError::content(&path, "no such checkpoint; begin without --resume"));
            }
            (false, true) => {
                let why = "an unfinished run; go on with --resume, or remove the file to begin anew";
                return Err(StageError::content(&path, why));
            }
            (false, false) => begin(model, &validation, settings.clone(), material.clone())?,
        };
        checkpoint.state.check(&path, &settings, &material)?;
        model.restore(&checkpoint.now).map_err(StageError::engine(path.display()))?;
        let state = checkpoint.state;
        let rows = match resume {
            true => log::read(&log_path(folder), state.step)?,
            false => vec![first_row(&state)],
        };
        let (began, before) = (Instant::now(), state.seconds);
        Ok(Self {
            model,
            batches,
            validation,
            optimiser: checkpoint.optimiser,
            state,
            best: checkpoint.best,
            rows,
            folder: folder.to_owned(),
            began,
            before,
            written: began,
        })
    }

    /// The figures of the model before the first step.
    pub(super) fn start(&self) -> Option<Score> {
        self.state.start
    }

    /// Trains until the last epoch, or until the model gets no better. `watch` may end the run early, which is an
    /// error that says how to go on.
    pub(super) fn finish(
        mut self,
        watch: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<Outcome, StageError> {
        let steps = self.batches.steps();
        let settings = self.batches.settings;
        let total = settings.epochs * steps;
        let mut progress = None;
        while self.state.step < total && self.state.waited < settings.patience {
            let (epoch, step) = (self.state.step / steps, self.state.step % steps);
            let what = format!("Epoch {} of {}", epoch + 1, settings.epochs);
            let bar = progress.get_or_insert_with(|| Progress::start(&what, steps - step));
            self.step(epoch, step, total)?;
            bar.advance(1);
            let ends = step + 1 == steps;
            if ends {
                if let Some(bar) = progress.take() {
                    bar.finish();
                }
                self.end_of_epoch(epoch + 1)?;
            }
            let asked = match self.rows.last() {
                Some(row) if ends => watch(Event::Epoch(row)),
                Some(row) => watch(Event::Step(row)),
                None => ControlFlow::Continue(()),
            };
            if ends || asked.is_break() || self.written.elapsed() > CHECKPOINT_EVERY {
                self.write()?;
            }
            if asked.is_break() {
                let done = self.state.step;
                let why = format!("stopped after {done} of {total} steps; --resume goes on from there");
                return Err(StageError::Request(why));
            }
        }
        self.model.restore(&self.best).map_err(refuse())?;
        Ok(Outcome { best_epoch: self.state.best_epoch, start: self.state.start, best: self.state.best })
    }

    fn step(&mut self, epoch: usize, step: usize, total: usize) -> Result<(), StageError> {
        let settings = self.batches.settings;
        let schedule = Schedule { rate: settings.rate, steps: total, warm_up: settings.warm_up };
        let rate = schedule.rate(self.state.step);
        let mut advance = || -> candle_core::Result<f32> {
            let (loss, gradients) = gradients(self.model, &self.batches.step(epoch, step)?)?;
            if loss.is_finite() {
                let decaying = self.model.decaying();
                self.optimiser.step(&self.model.variables(), &gradients, rate, decaying)?;
                self.model.clamp()?;
            }
            Ok(loss)
        };
        let loss = advance().map_err(refuse())?;
        if !loss.is_finite() {
            let why = format!("the loss of step {} is {loss}; try a lower --rate", self.state.step + 1);
            return Err(StageError::Request(why));
        }
        self.state.step += 1;
        self.state.seconds = self.before + self.began.elapsed().as_secs_f64();
        let row =
            Row { step: self.state.step, epoch: epoch + 1, loss: Some(loss), rate, ..first_row(&self.state) };
        self.rows.push(row.with(None));
        Ok(())
    }

    fn end_of_epoch(&mut self, epoch: usize) -> Result<(), StageError> {
        let check = || self.validation.score(&self.model.values(false)?);
        let score = check().map_err(refuse())?;
        let better = match (score, self.state.best) {
            (Some(now), Some(best)) => (now.merit(), -now.loss) > (best.merit(), -best.loss),
            _ => true,
        };
        if better {
            self.best = self.model.snapshot().map_err(refuse())?;
            (self.state.best, self.state.best_epoch, self.state.waited) = (score, epoch, 0);
        } else {
            self.state.waited += 1;
        }
        self.state.seconds = self.before + self.began.elapsed().as_secs_f64();
        if let Some(row) = self.rows.pop() {
            self.rows.push(Row { seconds: self.state.seconds, ..row.with(score) });
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), StageError> {
        // The log first: rows behind the checkpoint's step are left out when the run goes on.
        log::write(&log_path(&self.folder), &self.rows)?;
        let now = self.model.snapshot().map_err(refuse())?;
        let optimiser = AdamW {
            first: self.optimiser.first.clone(),
            second: self.optimiser.second.clone(),
            steps: self.optimiser.steps,
        };
        let checkpoint = Checkpoint { state: self.state.clone(), now, best: self.best.clone(), optimiser };
        checkpoint.write(&checkpoint_path(&self.folder))?;
        self.written = Instant::now();
        Ok(())
    }
}

/// Says that it was training which failed; for `map_err`.
fn refuse() -> impl FnOnce(candle_core::Error) -> StageError {
    StageError::engine("fine-tuning")
}

/// The state before the first step.
fn begin(
    model: &Model,
    validation: &Validation<'_>,
    settings: Settings,
    material: String,
) -> Result<Checkpoint, StageError> {
    let began = Instant::now();
    let check = || Ok((validation.score(&model.values(false)?)?, model.snapshot()?));
    let (start, now) = check().map_err(refuse())?;
    let seconds = began.elapsed().as_secs_f64();
    let state = State { settings, material, step: 0, seconds, start, best_epoch: 0, best: start, waited: 0 };
    Ok(Checkpoint { state, best: now.clone(), now, optimiser: AdamW::default() })
}

fn first_row(state: &State) -> Row {
    Row {
        step: 0,
        epoch: 0,
        loss: None,
        rate: 0.0,
        validation_loss: None,
        mean_recall: None,
        accuracy: None,
        seconds: state.seconds,
    }
    .with(state.start)
}

/// Where a run is written down.
pub(super) fn checkpoint_path(folder: &Path) -> PathBuf {
    folder.join("checkpoint.safetensors")
}

/// The table of a run's course.
pub(super) fn log_path(folder: &Path) -> PathBuf {
    folder.join("log.csv")
}
