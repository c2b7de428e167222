package photo

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"

	"gen3d/internal/job"
)

// minMaskSide limits how small a mask can be, in pixels of each side, unless the
// picture is smaller.
const minMaskSide = 64

// CheckMask checks the file of a mask of size bytes for a picture of width ×
// height pixels as shown: a PNG with one 8-bit channel, of the picture's size, or
// smaller with the same shape within one pixel. It reads the header and the last
// bytes and decodes nothing; the size limits the work of decoding. The error for
// a mask that cannot be used is a [*job.Failure] for [job.RefusedMask].
func CheckMask(r io.ReaderAt, size int64, width, height int) error {
	if failure := job.CheckMaskBytes(size); failure != nil {
		return failure
	}
	f := file{r: r, size: size}
	err := f.checkMask(width, height)
	if failure, ok := job.AsFailure(err); ok && failure.Code != job.CodeBadMask { // of a PNG in general
		return badMask("its file is damaged; save it again")
	}
	if errors.Is(err, errEnds) {
		return badMask("its file is incomplete; send it again")
	}
	return err
}

// DecodeMask decodes the file of a mask that [CheckMask] has accepted. It ends
// with its context as [Decode] does; the error is then the context's cause.
func DecodeMask(ctx context.Context, data []byte) (*image.Gray, error) {
	decoded, err := png.Decode(&reader{ctx: ctx, rest: data})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	gray, ok := decoded.(*image.Gray)
	if !ok {
		return nil, fmt.Errorf("it is a %T, not of one channel", decoded)
	}
	return gray, nil
}

func badMask(format string, args ...any) *job.Failure {
	return job.Invalid(job.CodeBadMask, format, args...)
}

// Offsets in the file of the fields of the first chunk, IHDR:
// https://www.w3.org/TR/png-3/#11IHDR
const (
	headerType     = 12
	headerWidth    = 16
	headerHeight   = 20
	headerDepth    = 24
	headerColor    = 25
	headerMethods  = 26 // of compression, filtering and interlacing
	headerChecksum = 29
	headerEnd      = 33
)

func (f file) checkMask(width, height int) error {
	head, err := f.bytes(0, int(min(f.size, headerEnd)))
	if err != nil {
		return err
	}
	if sniff(head) != PNG {
		return badMask("it is not a PNG picture; save it as PNG with one channel, 8-bit grayscale")
	}
	if len(head) < headerEnd {
		return errEnds
	}
	methods := head[headerMethods:]
	if binary.BigEndian.Uint32(head[headerChecksum:]) != crc32.ChecksumIEEE(head[headerType:headerChecksum]) || methods[0] != 0 || methods[1] != 0 || methods[2] > 1 {
		return badMask("its file is damaged; save it again")
	}
	if color, depth := head[headerColor], head[headerDepth]; color != 0 || depth != 8 {
		return badMask("it is a PNG picture with %s; save it with one channel, as 8-bit grayscale", channels(color, depth))
	}
	w, h := int64(binary.BigEndian.Uint32(head[headerWidth:])), int64(binary.BigEndian.Uint32(head[headerHeight:]))
	if !sameShape(w, h, int64(width), int64(height)) {
		return badMask("it has %d × %d pixels and the photo %d × %d; make it as large, or smaller with the same shape", w, h, width, height)
	}
	if w < min(minMaskSide, int64(width)) || h < min(minMaskSide, int64(height)) {
		return badMask("it has %d × %d pixels; each side needs at least %d", w, h, minMaskSide)
	}
	info, err := f.probePNG()
	switch {
	case err != nil:
		return err
	case info.transparent:
		return badMask("it is a PNG picture with a transparent color; save it with one channel, as 8-bit grayscale")
	case info.Orientation != 1:
		return badMask("it has an EXIF orientation; save it turned as the photo is shown, without EXIF")
	}
	return f.completePNG(info.body)
}

// channels describes the color type and the bit depth of a PNG.
func channels(color, depth byte) string {
	switch {
	case color == 0 && depth == 1:
		return "1 bit a pixel"
	case color == 0:
		return fmt.Sprintf("%d bits a pixel", depth)
	case color == 3:
		return "a palette"
	case color == 4:
		return "an alpha channel"
	}
	return "colors"
}

// sameShape reports whether w × h is at most width × height, and its shape: one
// side is the other one scaled, within a pixel, so that either way of rounding is
// accepted.
func sameShape(w, h, width, height int64) bool {
	if w < 1 || h < 1 || w > width || h > height {
		return false
	}
	difference := w*height - h*width
	return max(difference, -difference) <= max(width, height)
}
