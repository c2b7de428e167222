package photo

import (
	"context"
	"fmt"
	"image"
	"testing"
)

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
