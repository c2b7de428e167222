package server_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

func TestOneUsersPhotosLeaveAPlaceForAnotherUser(t *testing.T) {
	for _, places := range []int{2, 4} {
		slow := make(chan struct{}) // closed when the first user's photos may arrive
		arriving := make(chan struct{}, 16)
		first := s3test.User(t)
		w := newWorld(t, func(s *setting) {
			s.config.PhotoPlaces = places
			s.transport = transport(func(r *http.Request) error {
				if isPhoto(r) && strings.Contains(r.URL.Path, "/"+first+"/") {
					arriving <- struct{}{}
					<-slow
				}
				return nil
			})
		})
		other := w.user
		w.user = first
		results := make(chan job.Result, 16)
		var running sync.WaitGroup
		for range 6 {
			m := w.job("cat.jpg")
			running.Go(func() { results <- w.invoke(m, 1).result(t) })
		}
		for range places - 1 {
			<-arriving
		}
		w.user = other
		if result := w.invoke(w.job("coffee.jpg"), 1).result(t); result.Status != job.StatusSucceeded {
			t.Errorf("%d places: the other user's result is %+v", places, result)
		}
		if len(arriving) > 0 {
			t.Errorf("%d places: the first user has all of them", places)
		}
		close(slow)
		running.Wait()
		close(results)
		for result := range results {
			if result.Status != job.StatusSucceeded {
				t.Errorf("%d places: the first user's result is %+v", places, result)
			}
		}
	}
}

func TestPhotoTimeoutFailsTheObject(t *testing.T) {
	w := newWorld(t, func(s *setting) {
		s.config.PhotoTimeout = 200 * time.Millisecond
		s.transport = transport(func(r *http.Request) error {
			if isPhoto(r) {
				<-r.Context().Done()
				return r.Context().Err()
			}
			return nil
		})
	})
	result := w.invoke(w.job("cat.jpg"), 1).result(t)
	if result.Error == nil || result.Error.Code != job.CodeTimedOut || !strings.Contains(result.Error.Message, "could not be read within 200ms") {
		t.Errorf("the result is %+v", result)
	}
}
