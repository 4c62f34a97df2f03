//! The run: what is missing is asked for at the service's pace, looked at, and noted as it comes.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use clip_rs_catalog::TileId;
use clip_rs_imagery::decode::Decoder;
use clip_rs_imagery::pmtiles_archive::position;
use clip_rs_stage::files;
use clip_rs_stage::progress::Progress;

use crate::archive::{self, Changes};
use crate::client::{Client, News, Refusal, Validators};
use crate::former::Former;
use crate::journal::{Counts, Journal, Kept, Stage};
use crate::pace::{LONGEST, Pace};
use crate::picture::{self, Seen};
use crate::{Area, FetchError, Service};

/// How often one tile is asked for before it counts as missing.
const TRIES: usize = 6;
/// The longest wait between two tries.
const LAST_WAIT: Duration = Duration::from_secs(30);
/// How often one tile may be answered with "busy" before the run ends.
const BUSY_TRIES: usize = 12;
/// So many tiles in a row that cannot be had end the run: the service is not there.
const MOST_IN_A_ROW: u64 = 20;

/// What is to be fetched, and how.
pub struct Request<'a> {
    /// From where.
    pub service: &'a Service,
    /// Which ground.
    pub area: &'a Area,
    /// Which zooms.
    pub zooms: RangeInclusive<u8>,
    /// The archive to be.
    pub out: &'a Path,
    /// Asks the service.
    pub client: &'a Client,
    /// Requests a second at most.
    pub pace: NonZeroU32,
    /// Requests at once.
    pub at_once: usize,
    /// The wait after a first failure; each further one is twice as long, with chance in it.
    pub first_wait: Duration,
    /// Whether an archive that is there is asked for again, and gets what changed.
    pub refresh: bool,
    /// Whether an archive is made though tiles are missing that the service failed to give.
    pub without_missing: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// How many tiles of which kind there are now.
    pub counts: Counts,
    /// Tiles that this run asked for.
    pub asked: u64,
    /// Tiles that came in an earlier run.
    pub known: u64,
    /// Bytes that this run received of pictures.
    pub bytes: u64,
    /// Tiles that could not be had.
    pub missing: u64,
    /// What changed of an archive that was refreshed.
    pub changes: Option<Changes>,
}

/// Whether the archive `out` is there. A run that was killed between writing it and clearing up is brought to its end.
pub fn is_done(out: &Path, service: &Service) -> Result<bool, FetchError> {
    if !out.exists() {
        return Ok(false);
    }
    if Journal::path(out)?.exists() {
        let journal = Journal::open(out, &service.shown())?;
        files::sweep(out)?;
        // Of an archive that is being refreshed, what came is still to be put in.
        if journal.stage()? != Stage::Refresh {
            journal.finish()?;
        }
    }
    Ok(true)
}

/// Fetches what is missing of the area and writes the archive. Run again after it was ended, it fetches nothing twice but what
/// was on its way.
///
/// To refresh an archive that is there, every tile is asked for once more, with what the service said of it, so that one that did
/// not change need not be sent. The archive stays as it is until all is there, and where nothing changed.
pub fn fetch(request: &Request<'_>) -> Result<Outcome, FetchError> {
    let (cover, _) = request.service.cover(request.area, request.zooms.clone())?;
    let service = request.service.shown();
    let is_there = is_done(request.out, request.service)?;
    let former = if request.refresh && is_there { Some(Former::open(request.out, &service)?) } else { None };
    let mut journal = Journal::open(request.out, &service)?;
    journal.set_stage(if former.is_some() { Stage::Refresh } else { Stage::First })?;
    files::sweep(request.out)?;
    let known = journal.known()?;
    let is_known = |tile: TileId| known.binary_search(&position(tile)).is_ok();
    let wanted = cover.count();
    let known_count = cover.tiles().filter(|tile| is_known(*tile)).count() as u64;
    let asked = wanted - known_count;
    let progress = Progress::start("Fetching tiles", usize::try_from(asked).unwrap_or(usize::MAX));
    let missing = cover.tiles().filter(|tile| !is_known(*tile));
    let fetched = Fetching::new(request, former.as_ref(), missing).run(&mut journal, &progress)?;
    progress.finish();
    if fetched.failed > 0 && !request.without_missing {
        let first = request.service.template.hidden_in(&fetched.first_failure.unwrap_or_default());
        return Err(FetchError::Missing { count: fetched.failed, all: wanted, first });
    }
    if let Some(former) = former.as_ref().filter(|_| fetched.failed > 0) {
        keep(former, &mut journal, cover.tiles())?;
    }
    let (counts, changes) =
        archive::write(request.out, &journal, &cover, request.service, request.area.name(), former.as_ref())?;
    drop(former);
    journal.finish()?;
    let (bytes, missing) = (fetched.bytes, fetched.failed);
    Ok(Outcome { counts, asked, known: known_count, bytes, missing, changes })
}

/// Notes the pictures that are there of the tiles that could not be had anew.
fn keep(
    former: &Former,
    journal: &mut Journal,
    tiles: impl Iterator<Item = TileId>,
) -> Result<(), FetchError> {
    let known = journal.known()?;
    for tile in tiles.filter(|tile| known.binary_search(&position(*tile)).is_err()) {
        if let Some(bytes) = former.picture(tile)? {
            let said = former.validators(tile, &bytes)?;
            // Whatever is seen in it, it was kept.
            journal.note(tile, Kept::Picture(&bytes, Seen::Plain), &said)?;
        }
    }
    Ok(())
}

/// What the threads share.
struct Fetching<'a, T> {
    request: &'a Request<'a>,
    former: Option<&'a Former>,
    decoder: Decoder,
    pace: Pace,
    missing: Mutex<T>,
    failed_in_a_row: AtomicU64,
}

/// What this run got.
#[derive(Default)]
struct Fetched {
    bytes: u64,
    failed: u64,
    first_failure: Option<String>,
}

/// A tile with what came of it.
type Come = (TileId, Result<Got, Failure>);

enum Got {
    Picture(Vec<u8>, Seen, Validators),
    /// The picture that is there already.
    Same(Vec<u8>, Seen, Validators),
    Nothing,
}

enum Failure {
    /// This tile cannot be had now.
    Tile(String),
    /// No tile can.
    Service(String),
    /// Nobody wants it any more.
    Over,
}

impl<'a, T: Iterator<Item = TileId> + Send> Fetching<'a, T> {
    fn new(request: &'a Request<'a>, former: Option<&'a Former>, missing: T) -> Self {
        Self {
            request,
            former,
            decoder: Decoder::for_this_machine(),
            pace: Pace::new(request.pace),
            missing: Mutex::new(missing),
            failed_in_a_row: AtomicU64::new(0),
        }
    }

    /// Asks with several threads; this one notes what comes.
    fn run(&self, journal: &mut Journal, progress: &Progress) -> Result<Fetched, FetchError> {
        let threads = self.request.at_once.max(1);
        thread::scope(|scope| {
            // Nothing waits in between, so that a run that is killed loses one tile a thread and the one that is being noted.
            let (sender, receiver) = mpsc::sync_channel::<Come>(0);
            for _ in 0..threads {
                let sender = sender.clone();
                scope.spawn(move || self.ask(&sender));
            }
            drop(sender);
            let mut fetched = Fetched::default();
            let mut refused = None;
            for (tile, come) in receiver {
                let noted = match come {
                    Ok(Got::Picture(bytes, seen, said)) => {
                        fetched.bytes += bytes.len() as u64;
                        journal.note(tile, Kept::Picture(&bytes, seen), &said)
                    }
                    Ok(Got::Same(bytes, seen, said)) => {
                        journal.note(tile, Kept::Picture(&bytes, seen), &said)
                    }
                    Ok(Got::Nothing) => journal.note(tile, Kept::Nothing, &Validators::default()),
                    Err(Failure::Tile(why)) => {
                        fetched.failed += 1;
                        fetched.first_failure.get_or_insert_with(|| format!("{tile}: {why}"));
                        Ok(())
                    }
                    Err(Failure::Service(why)) => Err(self.request.service.error(&why)),
                    Err(Failure::Over) => Ok(()),
                };
                if let Err(error) = noted {
                    // The threads end after what they are at, which is still noted; those that wait end at once.
                    self.pace.end();
                    refused.get_or_insert(error);
                }
                progress.advance(1);
            }
            refused.map_or(Ok(fetched), Err)
        })
    }

    /// One thread: a tile after the other until there are none, or it is over.
    fn ask(&self, sender: &mpsc::SyncSender<Come>) {
        while !self.pace.is_over() {
            let next = self.missing.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(tile) = next else { return };
            let come = self.get(tile);
            let come = match come {
                Err(Failure::Tile(why)) => {
                    let in_a_row = self.failed_in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
                    if in_a_row >= MOST_IN_A_ROW {
                        let why = format!(
                            "{in_a_row} tiles in a row could not be had: {why}. What came before is kept"
                        );
                        Err(Failure::Service(why))
                    } else {
                        Err(Failure::Tile(why))
                    }
                }
                Ok(got) => {
                    self.failed_in_a_row.store(0, Ordering::Relaxed);
                    Ok(got)
                }
                Err(Failure::Over) => return,
                Err(refused) => Err(refused),
            };
            if sender.send((tile, come)).is_err() {
                return;
            }
        }
    }

    /// The picture that is there of a tile with what the service said of it, if it said anything.
    fn before(&self, tile: TileId) -> Result<Option<(Vec<u8>, Validators)>, FetchError> {
        let Some(former) = self.former else { return Ok(None) };
        let Some(picture) = former.picture(tile)? else { return Ok(None) };
        let said = former.validators(tile, &picture)?;
        Ok((!said.is_empty()).then_some((picture, said)))
    }

    /// Asks for a tile until it comes or there is no hope.
    fn get(&self, tile: TileId) -> Result<Got, Failure> {
        let url = self.request.service.template.url(tile);
        let url = url.ok_or_else(|| Failure::Service(format!("{tile} has no address there")))?;
        let waits = ExponentialBuilder::default()
            .with_min_delay(self.request.first_wait)
            .with_max_delay(LAST_WAIT)
            .with_max_times(TRIES - 1)
            .with_jitter();
        let before = self.before(tile).map_err(|error| Failure::Service(error.to_string()))?;
        let said = before.as_ref().map(|(_, said)| said.clone()).unwrap_or_default();
        let mut waits = waits.build();
        let mut busy = 0;
        loop {
            if !self.pace.wait() {
                return Err(Failure::Over);
            }
            let why = match (self.request.client.get_news(&url, &said), &before) {
                (Ok(News::Nothing), _) => return Ok(Got::Nothing),
                (Ok(News::Bytes(bytes, said)), _) => match picture::look(&self.decoder, &bytes) {
                    Ok(seen) => return Ok(Got::Picture(bytes, seen, said)),
                    Err(error) => error.to_string(),
                },
                (Ok(News::Same), Some((bytes, _))) => match picture::look(&self.decoder, bytes) {
                    Ok(seen) => return Ok(Got::Same(bytes.clone(), seen, said)),
                    Err(error) => error.to_string(),
                },
                (Ok(News::Same), None) => "it says that nothing changed, which nobody asked".to_owned(),
                (Err(Refusal::Final(why)), _) => return Err(Failure::Service(why)),
                (Err(Refusal::Busy(asked, why)), _) => {
                    busy += 1;
                    let wait = asked.unwrap_or(LAST_WAIT);
                    if busy >= BUSY_TRIES || wait > LONGEST {
                        let when = format!(
                            "{why} and asks to wait {} s: run the same command again then",
                            wait.as_secs()
                        );
                        return Err(Failure::Service(when));
                    }
                    self.pace.pause(wait);
                    continue;
                }
                (Err(Refusal::Passing(why)), _) => why,
            };
            match waits.next() {
                Some(wait) if self.pace.rest(wait) => {}
                Some(_) => return Err(Failure::Over),
                None => return Err(Failure::Tile(why)),
            }
        }
    }
}
