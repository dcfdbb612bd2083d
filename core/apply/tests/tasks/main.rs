//! The tasks, reply by reply.

#[cfg(test)]
mod apply;
#[cfg(test)]
mod driver;
#[cfg(test)]
mod wait;
