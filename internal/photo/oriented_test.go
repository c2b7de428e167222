package photo

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"
)

// broken is a picture whose pixels cannot be read.
type broken struct{ image.Image }

func (broken) At(x, y int) color.Color { panic(fmt.Sprintf("no pixel at %d,%d", x, y)) }

func TestPanicOfAConversionReachesTheCaller(t *testing.T) {
	defer func() {
		if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "no pixel at") {
			t.Errorf("recovered %v", p)
		}
	}()
	_, err := shown(t.Context(), broken{image.NewNRGBA(image.Rect(0, 0, 300, 300))}, 6)
	t.Error("shown returned", err)
}

func BenchmarkShown12Megapixels(b *testing.B) {
	stored := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	for _, orientation := range []int{1, 2, 3, 4, 5, 6, 7, 8} {
		b.Run(fmt.Sprintf("orientation %d", orientation), func(b *testing.B) {
			for b.Loop() {
				if _, err := shown(context.Background(), stored, orientation); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
