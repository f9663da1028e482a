//! Dates, times, zones and durations (DMN 1.5 clauses 10.3.2.3.4 to 10.3.2.3.8).
//!
//! All types here are `Copy` and hold no pointer; none has more than 16 bytes. Calendar
//! arithmetic and time zones are jiff's; what is ours is the range of years (FEEL knows nine digits, jiff
//! four), see [`date`]. Nothing here reads a clock or the system's time zone data: see [`Moment`].

mod arithmetic;
pub mod date;
pub mod date_time;
pub mod days_duration;
mod literal;
pub mod moment;
pub mod months_duration;
mod property;
mod scale;
mod scan;
pub mod time;
pub mod zone;

pub use arithmetic::ArithmeticError;
pub use date::Date;
pub use date_time::DateTime;
pub use days_duration::DaysDuration;
pub use literal::Temporal;
pub use moment::Moment;
pub use months_duration::MonthsDuration;
pub use property::Property;
pub use time::Time;
pub use zone::{Offset, Zone, ZoneId};
