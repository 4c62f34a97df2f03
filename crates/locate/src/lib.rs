//! Where things are: positions of pictures, names of places, street addresses.

#![forbid(unsafe_code)]

mod addresses;
mod places;
mod positions;
mod sphere;
mod table;

pub use addresses::AddressBook;
pub use places::{PLACES_CREDIT, Places};
pub use positions::Positions;
pub use sphere::distance_m;
