// Pion as people use it: a WHEP server for one H.264 stream that comes in as RTP, with Pion's default interceptors
// (NACK, reports, statistics, transport-wide feedback). Each viewer is a peer connection with a UDP port of its own.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"
)

const (
	maxPacket = 1500
	maxOffer  = 64 << 10
)

// H.264 is all that is offered, as the viewers' offers have it.
var h264 = webrtc.RTPCodecCapability{
	MimeType:    webrtc.MimeTypeH264,
	ClockRate:   90000,
	SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
}

type server struct {
	api   *webrtc.API
	track *webrtc.TrackLocalStaticRTP

	mutex   sync.Mutex
	viewers map[string]*webrtc.PeerConnection
	names   int
}

func newAPI() (*webrtc.API, error) {
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	interceptors := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(media, interceptors); err != nil {
		return nil, err
	}
	settings := webrtc.SettingEngine{}
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	return webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(interceptors),
		webrtc.WithSettingEngine(settings)), nil
}

func (s *server) forward(input *net.UDPConn) {
	packet := make([]byte, maxPacket)
	for {
		size, err := input.Read(packet)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := s.track.Write(packet[:size]); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			log.Print(err)
		}
	}
}

func (s *server) ServeHTTP(reply http.ResponseWriter, request *http.Request) {
	switch request.Method {
	case http.MethodPost:
		s.join(reply, request)
	case http.MethodDelete:
		s.leave(request.URL.Path)
	default:
		reply.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (s *server) join(reply http.ResponseWriter, request *http.Request) {
	offer, err := io.ReadAll(io.LimitReader(request.Body, maxOffer))
	if err != nil {
		http.Error(reply, err.Error(), http.StatusBadRequest)
		return
	}
	viewer, answer, err := s.accept(string(offer))
	if err != nil {
		http.Error(reply, err.Error(), http.StatusBadRequest)
		return
	}
	s.mutex.Lock()
	s.names++
	path := strings.TrimSuffix(request.URL.Path, "/") + "/" + strconv.Itoa(s.names)
	s.viewers[path] = viewer
	s.mutex.Unlock()
	reply.Header().Set("Content-Type", "application/sdp")
	reply.Header().Set("Location", path)
	reply.WriteHeader(http.StatusCreated)
	fmt.Fprint(reply, answer)
}

func (s *server) accept(offer string) (*webrtc.PeerConnection, string, error) {
	viewer, err := s.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, "", err
	}
	answer, err := s.negotiate(viewer, offer)
	if err != nil {
		_ = viewer.Close()
		return nil, "", err
	}
	return viewer, answer, nil
}

func (s *server) negotiate(viewer *webrtc.PeerConnection, offer string) (string, error) {
	sender, err := viewer.AddTrack(s.track)
	if err != nil {
		return "", err
	}
	if err := viewer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	answer, err := viewer.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(viewer)
	if err := viewer.SetLocalDescription(answer); err != nil {
		return "", err
	}
	<-gathered
	go readFeedback(sender)
	return viewer.LocalDescription().SDP, nil
}

// Interceptors see feedback only where somebody reads it.
func readFeedback(sender *webrtc.RTPSender) {
	feedback := make([]byte, maxPacket)
	for {
		if _, _, err := sender.Read(feedback); err != nil {
			return
		}
	}
}

func (s *server) leave(path string) {
	s.mutex.Lock()
	viewer := s.viewers[path]
	delete(s.viewers, path)
	s.mutex.Unlock()
	if viewer != nil {
		_ = viewer.Close()
	}
}

func main() {
	rtpPort := flag.Int("rtp", 0, "UDP port where the stream comes in as RTP")
	httpPort := flag.Int("http", 0, "TCP port for WHEP")
	flag.Parse()
	api, err := newAPI()
	if err != nil {
		log.Fatal(err)
	}
	track, err := webrtc.NewTrackLocalStaticRTP(h264, "video", "film")
	if err != nil {
		log.Fatal(err)
	}
	input, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: *rtpPort})
	if err != nil {
		log.Fatal(err)
	}
	_ = input.SetReadBuffer(4 << 20)
	served := &server{api: api, track: track, viewers: map[string]*webrtc.PeerConnection{}}
	go served.forward(input)
	listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", *httpPort))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http %d rtp %d\n", listener.Addr().(*net.TCPAddr).Port, input.LocalAddr().(*net.UDPAddr).Port)
	log.Fatal(http.Serve(listener, served))
}
