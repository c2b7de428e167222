package extract_test

import (
	"testing"

	"gen3d/internal/instances"
)

func TestQueuedJobStartsTheFirstInstance(t *testing.T) {
	for when, want := range map[string]int{"submit": 1, "photo": 1, "alarm": 0} {
		t.Run(when, func(t *testing.T) {
			w := newWorld(t)
			w.config.Wake = instances.When(when)
			w.handle(w.copyIn("cup.jpg", picture(t, "coffee.jpg"), nil))
			w.wantAsked(1)
			if w.wakes != want {
				t.Errorf("there are %d wakes; want %d", w.wakes, want)
			}
		})
	}
}

func TestRefusedPhotoStartsNoInstance(t *testing.T) {
	w := newWorld(t)
	w.handle(w.copyIn("cup.jpg", []byte("no picture"), nil))
	if w.wakes != 0 {
		t.Errorf("there are %d wakes", w.wakes)
	}
}
