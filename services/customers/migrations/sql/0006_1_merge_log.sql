-- The merge log is listed from the newest entry on, of all customers or of one that was source or target.
CREATE INDEX merges_by_time ON merges (company_id, merged_at, merge_id);
CREATE INDEX merge_edges_of_source ON merge_edges (company_id, source_id);
CREATE INDEX merge_edges_of_target ON merge_edges (company_id, target_id);
