package server

import "time"

// SetBackendGrace sets how long a backend may run on after its context ends.
func (s *Server) SetBackendGrace(d time.Duration) { s.turn.grace = d }

// SetAnswerGrace sets how long canceled requests may take to answer.
func (s *Server) SetAnswerGrace(d time.Duration) { s.grace = d }
