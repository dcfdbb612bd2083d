//! The alphabet of inputs and actions between the state machines and a driver.
