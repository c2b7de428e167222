package job

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Box is the bounding box of an object: x0, y0, x1, y1 in whole pixels of the
// image as displayed, that is, after its EXIF orientation is applied. x1 and y1
// are exclusive.
type Box [4]int

// Width returns the width in pixels.
func (b Box) Width() int { return b[2] - b[0] }

// Height returns the height in pixels.
func (b Box) Height() int { return b[3] - b[1] }

// Selection is an object that a user marked. Without a box, points and a mask it
// is the image's alpha channel if it has one, and otherwise the whole image.
type Selection struct {
	Label string `json:"label,omitempty"`
	Box   *Box   `json:"box"`
	// Points inside and outside the object, at most [MaxPoints].
	Points []Point `json:"points,omitempty"`
	// Mask reports whether the user gives a mask, under [Ref.MaskKey].
	Mask bool `json:"mask,omitempty"`
}

const (
	maxLabel = 40 // in runes
	// maxCoordinate prevents overflow; it is greater than the width of any
	// photo within the limits.
	maxCoordinate = 1 << 24
	// maxEncoded limits the encoded list, so that list, options and job ID
	// fit in the 2 KB that S3 allows for an object's user metadata:
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
	maxEncoded = 1900
	// maskField is the last field of an entry whose object has a mask.
	maskField = "mask"
)

// EncodeSelections encodes the list for the photo's metadata: entries joined by
// ";", each "x0,y0,x1,y1", or "*" for no box, followed by "," and the
// percent-encoded label, "," and the points, and ",mask", as far as the object
// has them; the label is empty if only later fields follow. Points are in the
// short form if the list would otherwise be too long. The result is ASCII.
func EncodeSelections(selections []Selection) (string, error) {
	for i, s := range selections {
		if err := checkPlaces(i+1, s.Points, 0, 0); err != nil {
			return "", err
		}
	}
	text := encodeSelections(selections, writePoints)
	if len(text) > maxEncoded {
		text = encodeSelections(selections, packPoints)
	}
	if len(text) > maxEncoded {
		return "", Invalid(CodeBadMetadata, "The objects' labels and points are too long together, %d characters; the limit is %d. Shorten labels or delete points.", len(text), maxEncoded)
	}
	return text, nil
}

func encodeSelections(selections []Selection, points func([]Point) string) string {
	entries := make([]string, len(selections))
	for i, s := range selections {
		entry := "*"
		if b := s.Box; b != nil {
			entry = fmt.Sprintf("%d,%d,%d,%d", b[0], b[1], b[2], b[3])
		}
		if s.Label != "" || len(s.Points) > 0 || s.Mask {
			entry += "," + url.QueryEscape(s.Label)
		}
		if len(s.Points) > 0 {
			entry += "," + points(s.Points)
		}
		if s.Mask {
			entry += "," + maskField
		}
		entries[i] = entry
	}
	return strings.Join(entries, ";")
}

// DecodeSelections parses the encoding of [EncodeSelections]. For lists written
// by hand, it allows spaces around numbers and points; an empty text is an empty
// list. It checks only the form; [Limits.CheckSelections] checks the values.
func DecodeSelections(text string) ([]Selection, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if len(text) > maxEncoded {
		return nil, Invalid(CodeBadMetadata, "The list of objects is longer than %d characters; mark fewer, shorten the labels or delete points.", maxEncoded)
	}
	entries := strings.Split(text, ";")
	selections := make([]Selection, len(entries))
	for i, entry := range entries {
		s, err := decodeSelection(entry)
		if err != nil {
			return nil, Invalid(CodeBadMetadata, "Object %d in the list of objects cannot be read (%v); write x0,y0,x1,y1 in whole pixels, or *, and separate objects by ;.", i+1, err)
		}
		selections[i] = s
	}
	return selections, nil
}

func decodeSelection(entry string) (Selection, error) {
	fields := strings.Split(entry, ",")
	count := 4
	if strings.TrimSpace(fields[0]) == "*" {
		count = 1
	}
	if len(fields) < count {
		return Selection{}, fmt.Errorf("%d fields", len(fields))
	}
	var s Selection
	if count == 4 {
		var box Box
		for i := range box {
			n, err := strconv.Atoi(strings.TrimSpace(fields[i]))
			if err != nil || n < -maxCoordinate || n > maxCoordinate {
				return Selection{}, fmt.Errorf("%.20q is not a pixel position", fields[i])
			}
			box[i] = n
		}
		s.Box = &box
	}
	if fields = fields[count:]; len(fields) == 0 {
		return s, nil
	}
	label, err := url.QueryUnescape(fields[0])
	if err != nil {
		return Selection{}, fmt.Errorf("its label is not percent-encoded")
	}
	if err := checkLabel(label); err != nil {
		return Selection{}, err
	}
	s.Label = label
	for _, field := range fields[1:] {
		field = strings.TrimSpace(field)
		switch {
		case field == maskField && !s.Mask:
			s.Mask = true
		case field != "" && field != maskField && s.Points == nil && !s.Mask:
			if s.Points, err = readPoints(field); err != nil {
				return Selection{}, err
			}
		default:
			return Selection{}, fmt.Errorf("after the label come the points, then the word %s, each once", maskField)
		}
	}
	return s, nil
}

func checkLabel(label string) error {
	if !utf8.ValidString(label) {
		return fmt.Errorf("its label is not UTF-8")
	}
	if utf8.RuneCountInString(label) > maxLabel {
		return fmt.Errorf("its label is longer than %d characters", maxLabel)
	}
	for _, r := range label {
		if unicode.IsControl(r) {
			return fmt.Errorf("its label holds a control character")
		}
	}
	return nil
}
