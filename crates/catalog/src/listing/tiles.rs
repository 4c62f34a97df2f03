//! A page of the listing of map tiles.

use super::{FileColumns, ImageKind, ListedFile, check_rows};
use crate::columns::{Columns, ColumnsWriter};
use crate::{CatalogError, TileId};

const MAGIC: &[u8; 8] = b"CRSTILE1";
const KIND: &str = "listing";
const FILE: FileColumns = FileColumns { bytes: "bytes", folder: "folder", digest: "digest" };

/// A tile of the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedTile {
    /// Which tile.
    pub tile: TileId,
    /// How it is encoded.
    pub kind: ImageKind,
    /// Its file.
    pub file: ListedFile,
}

impl ListedTile {
    /// Path below its folder: `17/37487/50141.jpg`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.tile, self.kind)
    }
}

/// A page of tiles, in order.
///
/// The file `listing.<hash>.bin` of a catalog of tiles has the magic `CRSTILE1` and [columns](crate#files-of-columns), a
/// row a tile, at most [65,536 rows](crate::MAX_PAGE_ROWS), in the [order of tiles](crate#places) through all pages, so that
/// neighbours on the ground share a page. No tile is there twice. A page reaches from the tile that `catalog.json` names as
/// its first up to the next page's.
///
/// | column | what |
/// |---|---|
/// | `zoom` | number |
/// | `column`, `row` | steps |
/// | `kind` | number: 0 JPEG, 1 PNG, 2 WebP, 3 AVIF. Absent: 0 for all |
/// | `bytes` | number: length of the file, at least 1 |
/// | `folder` | number: which of `folders` in `catalog.json` the file lies in, from 0. Absent: 0 for all |
/// | `digest` | 16 bytes: the first of the file's SHA-256 |
///
/// The file is `<folder>/<z>/<x>/<y>.<ending>` with the kind's ending: `jpg`, `png`, `webp` or `avif`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TileListing {
    tiles: Vec<ListedTile>,
}

impl TileListing {
    /// A page of these tiles, which are sorted here; none may be there twice.
    pub fn new(mut tiles: Vec<ListedTile>) -> Result<Self, CatalogError> {
        check_rows(KIND, tiles.len())?;
        tiles.sort_unstable_by_key(|listed| listed.tile.order());
        match tiles.windows(2).find(|pair| pair[0].tile == pair[1].tile) {
            Some(pair) => Err(wrong(&format!("tile {} is there twice", pair[0].tile))),
            None => Ok(Self { tiles }),
        }
    }

    /// The tile, if it is on this page.
    pub fn get(&self, tile: TileId) -> Option<&ListedTile> {
        let found = self.tiles.binary_search_by_key(&tile.order(), |listed| listed.tile.order());
        self.tiles.get(found.ok()?)
    }

    /// All tiles in order.
    pub fn iter(&self) -> std::slice::Iter<'_, ListedTile> {
        self.tiles.iter()
    }

    /// Number of tiles.
    pub fn len(&self) -> usize {
        self.tiles.len()
    }

    /// Whether there is no tile.
    pub fn is_empty(&self) -> bool {
        self.tiles.is_empty()
    }

    /// The content of `listing.<hash>.bin`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CatalogError> {
        let tiles = || self.tiles.iter();
        let mut writer = ColumnsWriter::new(self.tiles.len());
        writer.numbers("zoom", tiles().map(|listed| u32::from(listed.tile.z())));
        writer.steps("column", tiles().map(|listed| listed.tile.x() as i32));
        writer.steps("row", tiles().map(|listed| listed.tile.y() as i32));
        writer.numbers_unless("kind", 0, &tiles().map(|listed| listed.kind as u32).collect::<Vec<_>>());
        FILE.write(&mut writer, &tiles().map(|listed| Some(listed.file)).collect::<Vec<_>>());
        writer.finish(MAGIC)
    }

    /// Reads the content of a listing of tiles; any other bytes are an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CatalogError> {
        let columns = Columns::read(KIND, MAGIC, bytes)?;
        check_rows(KIND, columns.rows())?;
        let (zooms, xs, ys) = (columns.numbers("zoom")?, columns.steps("column")?, columns.steps("row")?);
        let kinds = columns.numbers_or_none("kind")?;
        let files = FILE.read(&columns)?;
        let tile = |row: usize| {
            let far = || wrong("a tile outside the pyramid");
            let z = u8::try_from(zooms[row]).map_err(|_| far())?;
            let (x, y) =
                (u32::try_from(xs[row]).map_err(|_| far())?, u32::try_from(ys[row]).map_err(|_| far())?);
            let kind = ImageKind::ALL.get(kinds.get(row).map_or(0, |kind| *kind as usize));
            Ok(ListedTile {
                tile: TileId::new(z, x, y).map_err(|error| error.named(KIND))?,
                kind: *kind.ok_or_else(|| wrong("a kind of picture that is not known"))?,
                file: files.get(row).copied().flatten().ok_or_else(|| wrong("a tile without a file"))?,
            })
        };
        let tiles: Vec<ListedTile> = (0..columns.rows()).map(tile).collect::<Result<_, CatalogError>>()?;
        if !tiles.is_sorted_by(|a, b| a.tile.order() < b.tile.order()) {
            return Err(wrong("its tiles are not in order"));
        }
        Ok(Self { tiles })
    }
}

fn wrong(why: &str) -> CatalogError {
    CatalogError::content(KIND, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Result<TileListing, CatalogError> {
        let tile = |z, x, y, kind, folder| {
            let file = ListedFile::of(format!("{z}/{x}/{y}").as_bytes(), folder).expect("short");
            Ok(ListedTile { tile: TileId::new(z, x, y)?, kind, file })
        };
        let tiles = [
            tile(17, 37_501, 50_141, ImageKind::Jpeg, 0),
            tile(2, 1, 1, ImageKind::Png, 1),
            tile(17, 37_500, 50_141, ImageKind::Webp, 0),
        ];
        TileListing::new(tiles.into_iter().collect::<Result<_, CatalogError>>()?)
    }

    #[test]
    fn a_listing_of_tiles_survives_a_round_trip_and_finds_its_tiles() -> Result<(), CatalogError> {
        let read = TileListing::from_bytes(&listing()?.to_bytes()?)?;
        assert_eq!(read, listing()?);
        let paths: Vec<String> = read.iter().map(ListedTile::path).collect();
        assert_eq!(paths, ["2/1/1.png", "17/37500/50141.webp", "17/37501/50141.jpg"]);
        assert_eq!(read.get(TileId::new(2, 1, 1)?).map(|listed| listed.file.folder()), Some(1));
        assert_eq!(read.get(TileId::new(2, 1, 0)?), None);
        let mut twice = read.iter().copied().collect::<Vec<_>>();
        twice.push(twice[0]);
        assert!(TileListing::new(twice).expect_err("refused").to_string().contains("twice"));
        Ok(())
    }

    #[test]
    fn damaged_listings_of_tiles_never_panic() -> Result<(), CatalogError> {
        let bytes = listing()?.to_bytes()?;
        for at in 0..bytes.len() {
            assert!(TileListing::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
            for value in 0..=255 {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                let _either = TileListing::from_bytes(&damaged);
            }
        }
        Ok(())
    }
}
