//! MBTiles 1.3: tiles in a SQLite database, rows counted from the south.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clip_rs_catalog::TileId;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use crate::tile_metadata::{Scheme, TileMetadata, bounds_of, settle};
use crate::{About, Entry, EntryId, ImageryError, Inventory, Source, sampling};

/// A database of tiles. It is only ever read.
pub(crate) struct MbTiles {
    path: PathBuf,
    scheme: Scheme,
    /// Connections that no thread is using.
    idle: Mutex<Vec<Connection>>,
    inventory: Inventory,
}

impl MbTiles {
    /// Finds the tiles of the database at `path`. `asked` is the counting of rows where the person says it.
    pub fn open(path: &Path, asked: Option<Scheme>) -> Result<Self, ImageryError> {
        let connection = connect(path)?;
        let mut inventory = Inventory::default();
        let metadata = read_metadata(&connection, path, &mut inventory)?;
        let (found, skipped) = list(&connection).map_err(|error| refused(path, &error))?;
        for (subject, why) in skipped {
            inventory.skip(subject, why);
        }
        let tiles = || found.iter().map(|(tile, _)| *tile);
        let (scheme, note) = settle(asked, &metadata, tiles, Scheme::Tms);
        inventory.notes.extend(note);
        for (tile, length) in found {
            let mut entry = Entry::new(EntryId::Tile(scheme.to_xyz(tile)), 0);
            entry.bytes = Some(length);
            inventory.entries.push(entry);
        }
        let doubles = inventory.sort();
        if doubles > 0 {
            inventory.notes.push(format!("{doubles} tiles are in the database twice"));
        }
        let mut source =
            Self { path: path.to_owned(), scheme, idle: Mutex::new(vec![connection]), inventory };
        let (kind, sizes) = sampling::look(&source);
        let count = source.inventory.entries.len();
        source.inventory.kinds.insert(format!(".{}", kind.unwrap_or("unknown")), count);
        sampling::note_edge(&mut source.inventory, sizes.into_iter());
        Ok(source)
    }

    fn tile_data(&self, connection: &Connection, tile: TileId) -> rusqlite::Result<Option<Vec<u8>>> {
        let sql = "SELECT tile_data FROM tiles WHERE zoom_level = ?1 AND tile_column = ?2 AND tile_row = ?3";
        let stored = self.scheme.to_xyz(tile);
        connection
            .prepare_cached(sql)?
            .query_row(params![stored.z(), stored.x(), stored.y()], |row| row.get(0))
            .optional()
    }
}

/// Opens the database for reading. Without a write-ahead log beside it, SQLite is told that nobody writes, so
/// that it works in read-only folders and leaves no files behind.
fn connect(path: &Path) -> Result<Connection, ImageryError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let has_log = Path::new(&log).metadata().is_ok_and(|log| log.len() > 0);
    let whole = path.canonicalize().map_err(ImageryError::io("read", path))?;
    let opened = match whole.to_str().filter(|_| !has_log) {
        Some(name) => {
            let name = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)
        }
        None => Connection::open_with_flags(path, flags),
    };
    opened.map_err(|error| refused(path, &error))
}

fn refused(path: &Path, error: &rusqlite::Error) -> ImageryError {
    ImageryError::source(path, format!("cannot be read as MBTiles: {error}"))
}

/// The metadata table; one that is missing or odd is only a pity.
fn read_metadata(
    connection: &Connection,
    path: &Path,
    inventory: &mut Inventory,
) -> Result<TileMetadata, ImageryError> {
    let mut metadata = TileMetadata::default();
    let rows = || -> rusqlite::Result<Vec<(String, String)>> {
        let mut statement =
            connection.prepare("SELECT name, CAST(value AS TEXT) FROM metadata LIMIT 1000")?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?.unwrap_or_default())))?;
        rows.collect()
    };
    let rows = rows().unwrap_or_else(|error| {
        inventory.notes.push(format!("the metadata table cannot be read: {error}"));
        Vec::new()
    });
    for (name, value) in rows {
        match name.as_str() {
            "name" => metadata.title = Some(value),
            "attribution" => metadata.attribution = Some(value),
            "bounds" => metadata.bounds = bounds_of(&value.into()),
            "scheme" => {
                metadata.scheme = value.parse().ok().map(|scheme| (scheme, "its metadata".to_owned()));
            }
            "format" if ["pbf", "mvt", "mlt"].contains(&value.as_str()) => {
                let why = format!(
                    "vector tiles ({value}) show nothing by themselves: render them to pictures first"
                );
                return Err(ImageryError::source(path, why));
            }
            _ => {}
        }
    }
    let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (title, attribution) = (some(&metadata.title), some(&metadata.attribution));
    inventory.about = About { title, attribution, ..About::default() };
    Ok(metadata)
}

/// Tiles as stored with their length in bytes, and rows that are none with the reason.
type Listed = (Vec<(TileId, u64)>, Vec<(String, String)>);

fn list(connection: &Connection) -> rusqlite::Result<Listed> {
    let sql = "SELECT zoom_level, tile_column, tile_row, length(tile_data), typeof(tile_data) FROM tiles";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let (mut tiles, mut skipped) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let number = |column: usize| match row.get_ref(column) {
            Ok(ValueRef::Integer(number)) => u32::try_from(number).ok(),
            _ => None,
        };
        let tile = || TileId::new(u8::try_from(number(0)?).ok()?, number(1)?, number(2)?).ok();
        let name = || {
            let part = |column: usize| match row.get_ref(column) {
                Ok(ValueRef::Integer(number)) => number.to_string(),
                _ => "?".to_owned(),
            };
            format!("{}/{}/{} (row as stored)", part(0), part(1), part(2))
        };
        let is_blob = matches!(row.get_ref(4)?, ValueRef::Text(b"blob"));
        match (tile(), number(3)) {
            (None, _) => skipped.push((name(), "no tile of zoom 0 to 24".to_owned())),
            (_, None | Some(0)) => skipped.push((name(), "it is empty".to_owned())),
            _ if !is_blob => skipped.push((name(), "it is text, not bytes".to_owned())),
            (Some(tile), Some(length)) => tiles.push((tile, u64::from(length))),
        }
    }
    Ok((tiles, skipped))
}

impl Source for MbTiles {
    fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    fn read(&self, entry: &Entry) -> Result<Vec<u8>, ImageryError> {
        let missing = || ImageryError::entry(&self.path, &entry.id, "it is not in the database");
        let tile = entry.id.tile().ok_or_else(missing)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = idle.map_or_else(|| connect(&self.path), Ok)?;
        let data = self
            .tile_data(&connection, tile)
            .map_err(|error| ImageryError::entry(&self.path, &entry.id, error));
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        data?.ok_or_else(missing)
    }
}
