//! Where things are: positions of pictures, names of places, street addresses.

#![forbid(unsafe_code)]

mod addresses;
mod assignment;
mod degrees;
mod lines;
mod places;
mod positions;
mod report;
mod source;
mod sphere;
mod table;

pub use addresses::{AddressBook, AddressRows, Told, is_part_of_address, read_address_points};
pub use assignment::Assignment;
pub use places::{PLACES_CREDIT, Places};
pub use positions::Positions;
pub use report::{Named, RowFault, TableReport};
pub use sphere::distance_m;
