package server

import "time"

// SetBackendGrace shortens the time that a backend has to notice that its own is
// over.
func (s *Server) SetBackendGrace(d time.Duration) { s.turn.grace = d }
