//! The Pilothouse operator on a real API server.
