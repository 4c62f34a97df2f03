//! Each command: resolve the arguments, run the stage, say what came of it.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use clip_rs_pipeline::index::Request;
use clip_rs_pipeline::query::{Answer, Subject};
use clip_rs_sample::{SampleOptions, generate};
use clip_rs_stage::progress::Progress;
use clip_rs_training::LeftOut;
use clip_rs_training::evaluate::{report, table, write_json};
use clip_rs_training::fine_tune::{Comparison, Event, Outline, Row, Score};
use clip_rs_training::model::{Hub, Imported, PRESETS, Package, Preset, Remote, describe, import_as};

use crate::cli;

/// Pictures that could not be read and are named one by one; the rest are counted.
const NAMED: usize = 20;

pub fn sample(args: &cli::Sample) -> Result<ExitCode> {
    let usual = SampleOptions::default();
    let options = SampleOptions {
        seed: args.seed.unwrap_or(usual.seed),
        size: args.size.unwrap_or(usual.size),
        ..usual
    };
    let progress = Progress::start("Drawing tiles", options.size.saturating_mul(options.size) as usize);
    // The generator tells how many are done, in no particular order; the bar wants steps.
    let most = AtomicUsize::new(0);
    let report = generate(&args.out, &options, &|done, _| {
        let before = most.fetch_max(done, Ordering::Relaxed);
        progress.advance(done.saturating_sub(before));
    })?;
    progress.finish();
    println!(
        "{}: {} tiles of zoom 17, {} pictures in all, {:.1} MB, {} addresses",
        report.folder.display(),
        report.tiles,
        report.pictures,
        report.picture_bytes as f64 / 1e6,
        report.addresses,
    );
    Ok(ExitCode::SUCCESS)
}

pub fn import(path: &Path, out: &Path, args: &cli::Conversion) -> Result<ExitCode> {
    let imported = import_as(path, out, args.quantize.into(), &args.said())?;
    println!("{}: {}", out.display(), sizes(&imported));
    Ok(ExitCode::SUCCESS)
}

pub fn pull(args: &cli::Pull) -> Result<ExitCode> {
    let (Some(name), Some(out), false) = (&args.preset, &args.out, args.list) else {
        for Preset { name, repository, about, megabytes, licence, .. } in &PRESETS {
            println!("{name}: {about}\n  {repository}, about {megabytes} MB, licence: {licence}");
        }
        return Ok(ExitCode::SUCCESS);
    };
    let (preset, hub) = (Preset::named(name)?, Hub::from_env()?);
    let plan = hub.plan(preset)?;
    println!("{}: {}", preset.name, preset.about);
    println!("{}, revision {}, licence: {}", preset.repository, plan.revision, preset.licence);
    for Remote { file, bytes, .. } in &plan.files {
        println!("  {file}: {:.1} MB", *bytes as f64 / 1e6);
    }
    if !args.yes && !is_wanted(plan.bytes())? {
        println!("nothing was downloaded");
        return Ok(ExitCode::FAILURE);
    }
    let imported = hub.pull(&plan, out, args.conversion.quantize.into(), &args.conversion.said())?;
    println!("{}: {}", out.display(), sizes(&imported));
    Ok(ExitCode::SUCCESS)
}

/// Asks whether to download.
fn is_wanted(bytes: u64) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        anyhow::bail!("give --yes to download {:.1} MB without being asked", bytes as f64 / 1e6);
    }
    eprint!("Download {:.1} MB? [y/N] ", bytes as f64 / 1e6);
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn sizes(imported: &Imported) -> String {
    let megabytes = |bytes: usize| bytes as f64 / 1e6;
    let (text, image) = (megabytes(imported.text_bytes), megabytes(imported.image_bytes));
    let agreement = imported.agreement.map_or(String::new(), |agreement| {
        format!(
            "; least cosine to the trainer's vectors {:.5} (texts), {:.5} (pictures)",
            agreement.texts, agreement.pictures
        )
    });
    format!("text tower {text:.2} MB, image tower {image:.2} MB{agreement}")
}

pub fn info(model: &Path) -> Result<ExitCode> {
    let package = Package::read(model)?;
    package.text_encoder()?;
    package.image_encoder()?;
    println!("{}", describe(&package)?);
    Ok(ExitCode::SUCCESS)
}

pub fn index(args: cli::Index) -> Result<ExitCode> {
    let out = args.out.clone();
    let indexed = clip_rs_pipeline::index::index(&Request {
        tiles: args.source.tiles,
        images: args.source.images,
        scheme: args.scheme.map(Into::into),
        locations: args.locations,
        addresses: args.addresses,
        model: args.model,
        out: args.out,
        work: args.work,
        title: args.title,
        attribution: args.attribution,
        licence: args.licence,
        id: args.id,
    })?;
    for note in &indexed.notes {
        eprintln!("{note}");
    }
    for skipped in indexed.skipped.iter().take(NAMED) {
        eprintln!("skipped {}: {}", skipped.subject, skipped.why);
    }
    println!(
        "{}: {} items, {} embedded now, {} skipped",
        out.display(),
        indexed.items,
        indexed.computed,
        indexed.skipped.len(),
    );
    Ok(ExitCode::SUCCESS)
}

pub fn search(args: cli::Search) -> Result<ExitCode> {
    let subject = match (args.text, args.image, args.like) {
        (Some(text), None, None) => Subject::Text(text),
        (None, Some(path), None) => Subject::Image(path),
        (None, None, Some(id)) => Subject::Like(id),
        _ => anyhow::bail!("give one of TEXT, --image and --like"),
    };
    let answers = clip_rs_pipeline::query::search(&args.catalog, &subject, args.limit as usize, args.exact)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&answers)?);
    } else {
        answers.iter().for_each(|answer| println!("{}", line(answer)));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(answer: &Answer) -> String {
    let position = match (answer.lng, answer.lat) {
        (Some(lng), Some(lat)) => format!("{lng:.5},{lat:.5}"),
        _ => "-".to_owned(),
    };
    let more = [&answer.address, &answer.place].into_iter().flatten();
    let more: Vec<&str> = more.map(String::as_str).collect();
    format!("{:.3}  {}  {position}  {}", answer.score, answer.id, more.join("; "))
}

pub fn encode(catalog: &Path, texts: &[String]) -> Result<ExitCode> {
    println!("{}", serde_json::to_string(&clip_rs_pipeline::query::encode(catalog, texts)?)?);
    Ok(ExitCode::SUCCESS)
}

pub fn verify(catalog: &Path) -> Result<ExitCode> {
    let verdict = clip_rs_pipeline::verify::verify(catalog)?;
    for fault in &verdict.faults {
        println!("FAULT {}: {}", fault.file, fault.why);
    }
    for stranger in verdict.strangers.iter().take(NAMED) {
        println!("note: {stranger} does not belong to the catalog");
    }
    println!(
        "{}: {} items, {} files, {} pictures, {} faults",
        catalog.display(),
        verdict.items,
        verdict.files,
        verdict.pictures,
        verdict.faults.len(),
    );
    Ok(if verdict.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub fn evaluate(args: cli::Evaluate) -> Result<ExitCode> {
    let reports = clip_rs_training::evaluate::evaluate(&clip_rs_training::evaluate::Request {
        models: args.model,
        data: args.data,
        split: args.split,
        task: args.task.map(Into::into),
        phrases: args.phrases,
    })?;
    // The same for every model.
    name_left_out(reports.first().map_or(&[], |report| &report.left_out));
    println!("{}", table(&reports));
    if let Some(path) = &args.json {
        write_json(&reports, path)?;
    }
    if let Some(path) = &args.report {
        let words: Vec<String> =
            std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy())).collect();
        report::write(&reports, &format!("clip-rs {}", words.join(" ")), path)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says which pictures of a data set could not be read.
fn name_left_out(pictures: &[LeftOut]) {
    pictures.iter().take(NAMED).for_each(|picture| eprintln!("{picture}"));
    if pictures.len() > NAMED {
        eprintln!("and {} more", pictures.len() - NAMED);
    }
}

/// A word of the command line as a shell would want it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./=,:@%+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

pub fn train(args: cli::Train) -> Result<ExitCode> {
    let out = args.out.clone();
    let imported = clip_rs_training::train::train(&clip_rs_training::train::Request {
        data: args.data,
        out: args.out,
        minutes: args.minutes,
        epochs: args.epochs,
        name: args.name.clone(),
        no_teachers: args.no_teachers,
        resume: args.resume,
    })?;
    println!("{}: {}", out.display(), sizes(&imported));
    Ok(ExitCode::SUCCESS)
}

pub fn fine_tune(args: cli::FineTune) -> Result<ExitCode> {
    let settings = args.settings();
    let keep = settings.keep;
    let request = clip_rs_training::fine_tune::Request {
        model: args.model,
        data: args.data,
        observe: args.observe,
        out: args.out.clone(),
        settings,
        quantization: args.quantize.into(),
        resume: args.resume,
    };
    let tuned = clip_rs_training::fine_tune::fine_tune(&request, &mut |event| {
        match event {
            Event::Begins(outline) => {
                name_left_out(&outline.left_out);
                eprintln!("{}", begins(outline));
            }
            Event::Epoch(row) => eprintln!("{}", epoch(row)),
            Event::Step(_) => {}
        }
        ControlFlow::Continue(())
    })?;
    println!("{}: {}", args.out.display(), sizes(&tuned.imported));
    let moments = [
        "before".to_owned(),
        format!("after {} epochs", tuned.best_epoch),
        format!("written, with {:.0} % of the original", 100.0 * keep),
    ];
    println!("on the pictures kept for checking:\n{}", compared(&tuned.checked, &moments));
    for (path, comparison) in &tuned.observed {
        println!("on {}, which was only observed:\n{}", path.display(), compared(comparison, &moments));
    }
    if tuned.best_epoch == 0 {
        println!("It never got better than it was; try another --rate, or more pictures.");
    }
    Ok(ExitCode::SUCCESS)
}

/// A line for each moment, with the share of the first moment's figures that is left, or gained.
fn compared(comparison: &Comparison, moments: &[String; 3]) -> String {
    let scores = [comparison.start, comparison.tuned, comparison.written];
    let lines = moments.iter().zip(scores).map(|(moment, score)| {
        let Some(score) = score else { return format!("  {moment}: nothing to check with") };
        let before = comparison.start.map_or(0.0, |start| start.merit());
        let share = if before > 0.0 { 100.0 * score.merit() / before } else { 100.0 };
        format!("  {moment}: {} ({share:.0} % of before)", figures(score))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn begins(outline: &Outline) -> String {
    format!(
        "Fine-tuning {} on {}: {:.2} M of {:.2} M numbers are trained, on {} pictures with {} texts, {} steps an \
         epoch; {} pictures are kept for checking; pictures take {:.0} MB; log and checkpoints in {}\nBefore: {}",
        outline.model,
        if outline.cuda { "the graphics processor" } else { "the processor" },
        outline.trained as f64 / 1e6,
        outline.numbers as f64 / 1e6,
        outline.pictures,
        outline.texts,
        outline.steps,
        outline.checked,
        outline.bytes as f64 / 1e6,
        outline.folder.display(),
        outline.start.map_or("nothing to check with".to_owned(), figures),
    )
}

fn epoch(row: &Row) -> String {
    let checked = row
        .validation_loss
        .map(|loss| figures(Score { loss, mean_recall: row.mean_recall, accuracy: row.accuracy }));
    let loss = row.loss.map_or(String::new(), |loss| format!("training loss {loss:.3}, "));
    format!(
        "Epoch {}: {loss}{}, {:.0} s",
        row.epoch,
        checked.unwrap_or_else(|| "nothing to check with".to_owned()),
        row.seconds
    )
}

fn figures(score: Score) -> String {
    let mut parts = vec![format!("loss {:.3}", score.loss)];
    parts.extend(score.mean_recall.map(|recall| format!("mean recall {recall:.2}")));
    parts.extend(score.accuracy.map(|accuracy| format!("accuracy {accuracy:.2} %")));
    parts.join(", ")
}
