package objectstore_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestAnObjectMayHaveTheTypeOfAForm(t *testing.T) {
	w := newWorld(t)
	w.s3 = once(w.addr)
	for _, contentType := range []string{
		"multipart/form-data", "multipart/form-data; boundary=x", "Multipart/Form-Data;boundary=\"a b\"", "application/x-www-form-urlencoded",
	} {
		key := "users/u/input/photo.jpg"
		if _, err := w.tryPut(key, "a photo", func(in *s3.PutObjectInput) { in.ContentType = &contentType }); err != nil {
			t.Errorf("putting one of type %s: %v", contentType, err)
			continue
		}
		if body, out := w.get(key); body != "a photo" || aws.ToString(out.ContentType) != contentType {
			t.Errorf("it is %q of type %s, want %s", body, aws.ToString(out.ContentType), contentType)
		}
	}
}
