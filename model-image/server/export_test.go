package server

import "time"

// SetBackendGrace sets how long a backend may run on after its context ends.
func (s *Server) SetBackendGrace(d time.Duration) { s.turn.grace = d }

// SetAnswerGrace sets how long canceled requests may take to answer.
func (s *Server) SetAnswerGrace(d time.Duration) { s.grace = d }

// SetInvocationTimeout changes how long the next objects may take.
func (s *Server) SetInvocationTimeout(d time.Duration) { s.cfg.InvocationTimeout = d }

// SetDrainTimeout changes how long requests in progress may take after SIGTERM.
func (s *Server) SetDrainTimeout(d time.Duration) { s.cfg.DrainTimeout = d }

// SetPhotoTimeout changes the time for photos and masks that are not yet read.
func (s *Server) SetPhotoTimeout(d time.Duration) { s.cfg.PhotoTimeout = d }
