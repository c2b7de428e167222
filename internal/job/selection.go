package job

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Box bounds an object: x0, y0, x1, y1 in whole pixels of the picture as shown,
// that is after its EXIF orientation; x0 and y0 lie inside it, x1 and y1 beyond
// it.
type Box [4]int

// Width in pixels.
func (b Box) Width() int { return b[2] - b[0] }

// Height in pixels.
func (b Box) Height() int { return b[3] - b[1] }

// Selection is one object that a user marked. A nil Box selects the picture's
// alpha channel where it has one, else the whole picture.
type Selection struct {
	Label string `json:"label,omitempty"`
	Box   *Box   `json:"box"`
}

const (
	maxLabel = 40 // runes
	// maxCoordinate keeps foreign numbers far from overflow; no photo within the
	// limits is as wide.
	maxCoordinate = 1 << 24
	// maxEncoded keeps the list, with seed and formats beside it, within the
	// 2 KB that S3 allows an object's user metadata:
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
	maxEncoded = 1900
)

// EncodeSelections writes the list as it travels in the photo's metadata:
// entries joined by ";", each "x0,y0,x1,y1" or "*" for no box, then, where there
// is a label, "," and the label percent-encoded. The result is ASCII.
func EncodeSelections(selections []Selection) (string, error) {
	entries := make([]string, len(selections))
	for i, s := range selections {
		entry := "*"
		if b := s.Box; b != nil {
			entry = fmt.Sprintf("%d,%d,%d,%d", b[0], b[1], b[2], b[3])
		}
		if s.Label != "" {
			entry += "," + url.QueryEscape(s.Label)
		}
		entries[i] = entry
	}
	text := strings.Join(entries, ";")
	if len(text) > maxEncoded {
		return "", Invalid(CodeBadMetadata, "The objects' labels are too long together; shorten them.")
	}
	return text, nil
}

// DecodeSelections reads what [EncodeSelections] wrote. It also reads what
// people write by hand: blanks round numbers are allowed, and an empty text is
// an empty list. It checks form only; [Limits] has the rest.
func DecodeSelections(text string) ([]Selection, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if len(text) > maxEncoded {
		return nil, Invalid(CodeBadMetadata, "The list of objects is longer than %d characters; mark fewer or shorten the labels.", maxEncoded)
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
	if len(fields) != count && len(fields) != count+1 {
		return Selection{}, fmt.Errorf("%d fields", len(fields))
	}
	var s Selection
	if count == 4 {
		var box Box
		for i := range box {
			n, err := strconv.Atoi(strings.TrimSpace(fields[i]))
			if err != nil || n < -maxCoordinate || n > maxCoordinate {
				return Selection{}, fmt.Errorf("%.20q is no pixel position", fields[i])
			}
			box[i] = n
		}
		s.Box = &box
	}
	if len(fields) == count+1 {
		label, err := url.QueryUnescape(fields[count])
		if err != nil {
			return Selection{}, fmt.Errorf("its label is not percent-encoded")
		}
		if err := checkLabel(label); err != nil {
			return Selection{}, err
		}
		s.Label = label
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
