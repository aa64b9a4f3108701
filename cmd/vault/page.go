package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"vaultnet/vault"
)

// page is what a monitoring system reads: /metrics for Prometheus, and /healthz, which is 200 while the vault has joined
// its network and answers.
type page struct {
	listener net.Listener // nil: there is none
	server   http.Server
	vault    atomic.Pointer[vault.Vault] // nil: not yet joined
	asking   chan struct{}               // one question to the vault at a time
	done     sync.WaitGroup
}

// healthTime is how long a vault may take to answer.
const healthTime = 5 * time.Second

// openPage listens; "" for no page.
func openPage(address string, registry *prometheus.Registry) (*page, error) {
	p := &page{asking: make(chan struct{}, 1)}
	if address == "" {
		return p, nil
	}
	l, err := net.Listen("tcp", address)
	if isTaken(err) {
		return nil, taken("metrics", address)
	}
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	mux.HandleFunc("GET /healthz", p.health)
	p.listener = l
	p.server = http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	p.done.Go(func() { _ = p.server.Serve(l) })
	return p, nil
}

// serve says that the vault runs.
func (p *page) serve(v *vault.Vault) { p.vault.Store(v) }

func (p *page) health(w http.ResponseWriter, r *http.Request) {
	v := p.vault.Load()
	if v == nil {
		http.Error(w, "joining", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), healthTime)
	defer cancel()
	select {
	case p.asking <- struct{}{}:
	case <-ctx.Done():
		http.Error(w, "the vault does not answer", http.StatusServiceUnavailable)
		return
	}
	answered := make(chan error, 1)
	p.done.Go(func() {
		defer func() { <-p.asking }()
		_, err := v.Status()
		answered <- err
	})
	select {
	case err := <-answered:
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	case <-ctx.Done():
		http.Error(w, "the vault does not answer", http.StatusServiceUnavailable)
	}
}

func (p *page) close() {
	if p.listener != nil {
		p.server.Close()
	}
	p.done.Wait()
}
