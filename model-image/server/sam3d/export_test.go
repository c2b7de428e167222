package sam3d

import "io"

// Receive exports receive for tests.
func Receive(r io.Reader) (any, error) { return receive(r) }

// Decode exports decode for tests.
func Decode(body []byte) (any, error) { return decode(body) }

// ErrProtocol exports errProtocol for tests.
var ErrProtocol = errProtocol

// ServerMessage returns an empty message of a type that the server sends.
func ServerMessage(kind string) any {
	switch kind {
	case "setup":
		return &setup{}
	case "run":
		return &run{}
	case "export":
		return &export{}
	case "shutdown":
		return &shutdown{}
	}
	return nil
}
