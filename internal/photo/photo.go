// Package photo reads users' photos: [Probe] reads type, size and orientation
// from a file's header, [Info.CheckData] checks that the file is complete and
// can be decoded with bounded work, and [Decode] decodes the picture for the
// model server. [CheckMask] checks the file of a mask.
//
// A photo's type is determined by its bytes. The name and the declared content
// type are only checked against it ([Info.CheckName], [Info.CheckContentType]).
//
// The picture as shown is the stored one with its EXIF orientation applied,
// which is read from
//   - JPEG: the first APP1 segment with EXIF, before the picture's data;
//   - PNG: the eXIf chunk, if it comes before the picture's data;
//   - WebP: the EXIF chunk, if the VP8X header announces one.
//
// The orientation is read without a library: goexif has not been maintained
// since 2019, and imagemeta reads all metadata and fails at the first invalid
// tag, whereas browsers skip it and apply the orientation.
//
// The error for an invalid photo is a [*job.Failure] with a message for the
// user. Every other error is one of reading the file.
package photo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"gen3d/internal/job"
)

// The content types of photos.
const (
	JPEG = "image/jpeg"
	PNG  = "image/png"
	WebP = "image/webp"
)

// ContentTypes lists the content types, for the API and the page.
var ContentTypes = []string{PNG, JPEG, WebP}

// Info is the contents of a photo's header.
type Info struct {
	ContentType string
	// Width and Height in pixels of the picture as shown.
	Width, Height int
	// Orientation is the EXIF orientation, 1 to 8; 1 if the photo has none.
	Orientation int

	// body is the offset of the picture's data, in bytes.
	body int64
	// frame is a JPEG's frame header.
	frame *frame
	// stored is the number of bytes that package png or webp allocates for the
	// picture.
	stored int64
	// transparent reports whether a PNG declares a color as transparent.
	transparent bool
}

// Memory returns an upper bound of the bytes that [Decode] has allocated at its
// peak, without the file: those of the format's decoder and the picture as
// shown.
func (i Info) Memory() int64 {
	pixels := int64(i.Width) * int64(i.Height)
	stored := i.stored
	if i.frame != nil {
		// Package jpeg allocates planes of samples, and for some files of three
		// or four components an RGBA or CMYK picture.
		stored = i.frame.samples()
		if i.frame.progressive {
			stored += 4 * i.frame.samples() // the coefficients
		}
		if len(i.frame.components) > 1 {
			stored += 4 * pixels
		}
	}
	return stored + 4*pixels
}

// Limits on a header. Cameras write a few dozen segments or chunks before the
// picture, the largest a thumbnail, a color profile or a depth map.
const (
	maxHeader = 4 << 20 // bytes from the start to the picture's data
	maxParts  = 1000    // segments or chunks
	maxEXIF   = 64 << 10
)

// Probe reads the header of a photo of size bytes. It skips the parts that it
// does not need, so that a range reader fetches little; no number in the photo
// determines how much is read or allocated. The size of the picture is as
// declared in the header; the caller checks it with [job.Limits.CheckSize].
func Probe(r io.ReaderAt, size int64) (Info, error) {
	f := file{r: r, size: size}
	head, err := f.bytes(0, int(max(0, min(size, sniffed))))
	if errors.Is(err, errEnds) {
		return Info{}, truncated()
	}
	if err != nil {
		return Info{}, err
	}
	var info Info
	switch kind := sniff(head); kind {
	case JPEG:
		info, err = f.probeJPEG()
	case PNG:
		info, err = f.probePNG()
	case WebP:
		info, err = f.probeWebP()
	case "":
		return Info{}, job.Invalid(job.CodeNotAnImage, "The file is not a picture; choose a PNG, JPEG or WebP picture.")
	default:
		return Info{}, job.Invalid(job.CodeWrongType, "The file is a %s picture, which cannot be used here; save it as PNG, JPEG or WebP and try again.", kind)
	}
	if errors.Is(err, errEnds) {
		return Info{}, truncated()
	}
	if err != nil {
		return Info{}, err
	}
	if info.Orientation >= 5 {
		info.Width, info.Height = info.Height, info.Width
	}
	return info, nil
}

// CheckData checks that the end of the photo is not missing, and that decoding
// it takes no more work than a photo of maxPixels may. It reads the last bytes
// if they are sufficient, else it follows the photo's structure to the end: a
// progressive JPEG is read completely. It decodes nothing.
func (i Info) CheckData(r io.ReaderAt, size, maxPixels int64) error {
	f := file{r: r, size: size}
	var err error
	switch i.ContentType {
	case JPEG:
		err = f.checkJPEG(i, maxPixels)
	case PNG:
		// The header limits the work, however much the data expand: package png
		// stops at the last row and skips compressed text and color profiles.
		err = f.completePNG(i.body)
	case WebP: // Probe has compared the declared sizes, which limit the work
	}
	if errors.Is(err, errEnds) {
		return truncated()
	}
	return err
}

// CheckName compares the suffix of the file's name with the photo's bytes.
func (i Info) CheckName(name string) error {
	suffix := strings.ToLower(path.Ext(name))
	if want, ok := suffixes[suffix]; ok && want != i.ContentType {
		return job.Invalid(job.CodeWrongType, "The file is named %s but is a %s picture; rename it and try again.", suffix, title(i.ContentType))
	}
	return nil
}

// CheckContentType compares the declared content type with the photo's bytes.
// One that is not an image's is ignored: programs send application/octet-stream
// for unknown types.
func (i Info) CheckContentType(declared string) error {
	declared, _, _ = strings.Cut(strings.ToLower(declared), ";")
	declared = strings.TrimSpace(declared)
	if declared == "image/jpg" { // not registered, but common
		declared = JPEG
	}
	if strings.HasPrefix(declared, "image/") && declared != i.ContentType {
		return job.Invalid(job.CodeWrongType, "The file was sent as %.40s but is a %s picture; send it as %s.", declared, title(i.ContentType), i.ContentType)
	}
	return nil
}

var suffixes = map[string]string{".jpg": JPEG, ".jpeg": JPEG, ".png": PNG, ".webp": WebP}

// title returns the name of a content type for messages.
func title(contentType string) string {
	switch contentType {
	case JPEG:
		return "JPEG"
	case PNG:
		return "PNG"
	case WebP:
		return "WebP"
	}
	return contentType
}

// sniffed is how many bytes [sniff] needs.
const sniffed = 16

// sniff returns a file's type by its first bytes: one of the content types, or
// the name of another picture format, or "".
func sniff(head []byte) string {
	is := func(offset int, magic string) bool {
		return len(head) >= offset+len(magic) && string(head[offset:offset+len(magic)]) == magic
	}
	switch {
	case is(0, "\xff\xd8\xff"):
		return JPEG
	case is(0, pngSignature):
		return PNG
	case is(0, "RIFF") && is(8, "WEBP"):
		return WebP
	case is(0, "GIF8"):
		return "GIF"
	case is(0, "BM") && is(6, "\x00\x00\x00\x00"):
		return "BMP"
	case is(0, "II*\x00"), is(0, "MM\x00*"):
		return "TIFF"
	case is(4, "ftypavif"), is(4, "ftypavis"):
		return "AVIF"
	case is(4, "ftyphei"), is(4, "ftyphev"), is(4, "ftypmif1"), is(4, "ftypmsf1"):
		return "HEIC"
	case is(0, "\xff\x0a"), is(0, "\x00\x00\x00\x0cJXL "):
		return "JPEG XL"
	}
	return ""
}

func truncated() error {
	return job.Invalid(job.CodeTruncated, "The photo is incomplete, its end is missing; save or copy it again and retry.")
}

func damaged(kind, what string) error {
	return job.Invalid(job.CodeNotAnImage, "The file is not a %s picture that can be read: %s. Save it again and retry.", kind, what)
}

// errEnds is returned if the file ends before a required part.
var errEnds = errors.New("the file ends too early")

// file reads a photo of known size.
type file struct {
	r    io.ReaderAt
	size int64
}

// bytes reads n bytes at offset.
func (f file) bytes(offset int64, n int) ([]byte, error) {
	if offset < 0 || offset+int64(n) > f.size {
		return nil, errEnds
	}
	b := make([]byte, n)
	if read, err := f.r.ReadAt(b, offset); read < n {
		if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errEnds
		}
		return nil, fmt.Errorf("reading the photo at byte %d: %w", offset, err)
	}
	return b, nil
}

// part reads the eight-byte header of a chunk of PNG or WebP.
func (f file) part(offset int64, order binary.ByteOrder) (first uint32, last uint32, err error) {
	b, err := f.bytes(offset, 8)
	if err != nil {
		return 0, 0, err
	}
	return order.Uint32(b), order.Uint32(b[4:]), nil
}
