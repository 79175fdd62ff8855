-- On what a merge was made that nobody looked at: policy version, scan, group, confidence. '{}': somebody asked for it.
ALTER TABLE merges ADD COLUMN evidence jsonb NOT NULL DEFAULT '{}';
